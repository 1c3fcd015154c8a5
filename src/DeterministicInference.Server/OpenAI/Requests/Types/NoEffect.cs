using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>The values of a field that have no effect. Null is always one.</summary>
internal sealed class NoEffect
{
    /// <summary>Every value.</summary>
    public const string Any = "any";

    private const string Separator = " | ";

    private readonly JsonElement[] _values;
    private readonly bool _isAny;

    /// <param name="text">
    /// JSON values separated by " | ", <see cref="Any"/>, or empty. Numbers are compared by value; an object stands for
    /// every object with these members, but <c>{}</c> for the empty one only.
    /// </param>
    public NoEffect(string text)
    {
        Text = text;
        _isAny = text == Any;
        _values =
            _isAny || text.Length == 0 ? [] : [.. text.Split(Separator).Select(value => JsonElement.Parse(value))];
    }

    /// <summary>The values as in the table.</summary>
    public string Text { get; }

    /// <summary>The values; empty for none, and for <see cref="Any"/>.</summary>
    public IReadOnlyList<JsonElement> Values => _values;

    public bool Matches(JsonElement value)
    {
        if (_isAny || value.ValueKind == JsonValueKind.Null)
            return true;
        try
        {
            foreach (JsonElement one in _values)
            {
                if (IsSame(one, value))
                    return true;
            }
        }
        catch (InvalidOperationException)
        {
            // The string has a lone surrogate, which none of the values has.
        }
        return false;
    }

    private static bool IsSame(JsonElement expected, JsonElement value)
    {
        if (expected.ValueKind != value.ValueKind)
            return false;
        if (expected.ValueKind != JsonValueKind.Object || expected.GetPropertyCount() == 0)
            return JsonElement.DeepEquals(expected, value);
        foreach (JsonProperty member in expected.EnumerateObject())
        {
            bool isThere =
                value.TryGetProperty(member.Name, out JsonElement other) && JsonElement.DeepEquals(member.Value, other);
            if (!isThere)
                return false;
        }
        return true;
    }
}
