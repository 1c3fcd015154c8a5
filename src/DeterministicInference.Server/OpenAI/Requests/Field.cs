using System.Text;
using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>A member of a request that the API defines.</summary>
/// <param name="Name">Of characters that need no escape.</param>
/// <param name="Type">What its value may be. Null counts as absent.</param>
internal sealed record Field(string Name, FieldType Type)
{
    private readonly byte[] _utf8Name = Encoding.UTF8.GetBytes(Name);

    public bool IsRequired { get; init; }

    /// <summary>Whether null is a value of its own, so that only a member that is not there is missing.</summary>
    public bool AcceptsNull { get; init; }

    /// <summary>The member is required where this other one has one of these values.</summary>
    public (string Name, string[] Values)? RequiredWhere { get; init; }

    /// <param name="owner">The object.</param>
    /// <param name="prefix">Its path: empty at the top, else ending in a dot.</param>
    /// <param name="coercions">Gets the scalars that are written as strings.</param>
    /// <exception cref="OpenAIException">400: the member is missing, of another type, or out of range.</exception>
    public void Check(JsonElement owner, string prefix, List<Coercion> coercions)
    {
        bool isThere = owner.TryGetProperty(_utf8Name, out JsonElement value);
        if (isThere && value.ValueKind != JsonValueKind.Null) Type.Check(value, prefix + Name, coercions);
        else if (IsMissing(owner, isThere)) throw OpenAIException.Missing(prefix + Name);
    }

    private bool IsMissing(JsonElement owner, bool isNull)
    {
        if (IsRequired) return !(isNull && AcceptsNull);
        return RequiredWhere is { } condition && owner.TryGetProperty(condition.Name, out JsonElement other)
            && Array.Exists(condition.Values, value => other.ValueEquals(value));
    }
}
