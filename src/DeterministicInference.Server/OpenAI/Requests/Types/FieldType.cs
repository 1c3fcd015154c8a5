using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>The type of a field's value.</summary>
internal abstract record FieldType
{
    /// <summary>Checks a value.</summary>
    /// <param name="value">Not null.</param>
    /// <param name="at">Position of the value; receives the findings.</param>
    /// <returns>The value, or the scalar that it spells as a string.</returns>
    /// <exception cref="OpenAIException">400: the value is of another type, or out of range.</exception>
    public abstract JsonElement Check(JsonElement value, FieldCheck at);

    /// <summary>The type in words, for the documentation.</summary>
    public abstract string Description { get; }

    /// <summary>Rows of the members of objects; empty if they are not checked.</summary>
    public virtual IEnumerable<Field> Fields => [];
}
