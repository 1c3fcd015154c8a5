using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>What the value of a field may be.</summary>
internal abstract record FieldType
{
    /// <param name="value">Not null.</param>
    /// <param name="path">Of the field, for errors.</param>
    /// <param name="coercions">Gets the scalars that are written as strings.</param>
    /// <exception cref="OpenAIException">400: the value is of another type, or out of range.</exception>
    public abstract void Check(JsonElement value, string path, List<Coercion> coercions);
}
