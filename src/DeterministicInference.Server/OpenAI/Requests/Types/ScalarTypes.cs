using System.Runtime.InteropServices;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>Any value; checking it is left to the engine.</summary>
internal sealed record AnyType : FieldType
{
    public override string Description => "any";

    public override JsonElement Check(JsonElement value, FieldCheck at) => value;
}

/// <summary>A Boolean.</summary>
internal sealed record BooleanType : FieldType
{
    private static readonly JsonElement True = JsonElement.Parse("true"u8),
        False = JsonElement.Parse("false"u8);

    public override string Description => "boolean";

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value;
        if (value.ValueKind == JsonValueKind.String && at.AcceptsText)
        {
            ReadOnlySpan<byte> written = JsonMarshal.GetRawUtf8Value(value);
            if (written.SequenceEqual("\"true\""u8))
                return at.Coerce(value, True);
            if (written.SequenceEqual("\"false\""u8))
                return at.Coerce(value, False);
        }
        throw OpenAIException.InvalidType(at.Path, "a boolean", FieldValue.Kind(value));
    }
}

/// <summary>A whole number.</summary>
internal sealed record IntegerType(long Minimum = long.MinValue, long Maximum = long.MaxValue) : FieldType
{
    public override string Description => NumberText.Range("integer", Minimum, Maximum);

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        JsonElement number = NumberText.Read(value, at);
        bool isPlain =
            number.ValueKind == JsonValueKind.Number
            && number.TryGetInt64(out long integer)
            && integer >= Minimum
            && integer <= Maximum;
        if (!isPlain)
            FieldValue.AsInteger(number, at.Path, Minimum, Maximum);
        return number;
    }
}

/// <summary>A number.</summary>
internal sealed record NumberType(double Minimum = double.NegativeInfinity, double Maximum = double.PositiveInfinity)
    : FieldType
{
    public override string Description => NumberText.Range("number", Minimum, Maximum);

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        JsonElement number = NumberText.Read(value, at);
        bool isPlain =
            number.ValueKind == JsonValueKind.Number
            && number.GetDouble() is var decimals
            && decimals >= Minimum
            && decimals <= Maximum;
        if (!isPlain)
            FieldValue.AsNumber(number, at.Path, Minimum, Maximum);
        return number;
    }
}

/// <summary>A string.</summary>
/// <param name="Allowed">The allowed values; any if empty.</param>
internal sealed record TextType(params string[] Allowed) : FieldType
{
    private const int LongestQuote = 40;

    public override string Description => Allowed.Length == 0 ? "string" : $"string: {string.Join(", ", Allowed)}";

    public override JsonElement Check(JsonElement value, FieldCheck at)
    {
        if (value.ValueKind == JsonValueKind.String && IsAllowed(value))
            return value;
        string text = FieldValue.AsText(value, at.Path);
        if (Allowed.Length == 0 || Allowed.Contains(text))
            return value;
        string quoted =
            text.Length > LongestQuote ? string.Concat(text.EnumerateRunes().Take(LongestQuote)) + "…" : text;
        string supported = $"'{string.Join("', '", Allowed[..^1])}' and '{Allowed[^1]}'";
        throw OpenAIException.Invalid(
            $"Invalid value for '{at.Path}': '{quoted}'. Supported values are: {supported}.",
            at.Path,
            "invalid_value"
        );
    }

    /// <summary>
    /// Whether a string needs no further check. Only an escape can make a string invalid, and decoding every prompt
    /// would be wasteful.
    /// </summary>
    private bool IsAllowed(JsonElement value)
    {
        ReadOnlySpan<byte> raw = JsonMarshal.GetRawUtf8Value(value);
        if (Allowed.Length == 0)
            return raw.IndexOf("\\u"u8) < 0;
        foreach (string allowed in Allowed)
        {
            if (System.Text.Ascii.Equals(raw[1..^1], allowed))
                return true;
        }
        return false;
    }
}

/// <summary>Reads numbers written as strings.</summary>
internal static class NumberText
{
    /// <summary>The number that a string spells in JSON's syntax; other values unchanged.</summary>
    public static JsonElement Read(JsonElement value, FieldCheck at)
    {
        if (value.ValueKind != JsonValueKind.String || !at.AcceptsText)
            return value;
        ReadOnlySpan<byte> literal = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        // A longer number could not be written into a receipt, and none is needed.
        if (
            literal.IsEmpty
            || literal.Length > RequestPins.MaxBytes
            || !(literal[0] == '-' || char.IsAsciiDigit((char)literal[0]))
        )
            return value;
        try
        {
            var reader = new Utf8JsonReader(literal);
            JsonElement number = JsonElement.ParseValue(ref reader);
            if (number.ValueKind != JsonValueKind.Number || reader.BytesConsumed != literal.Length)
                return value;
            return at.Coerce(value, number);
        }
        catch (JsonException)
        {
            return value;
        }
    }

    /// <summary>Describes a type with its bounds, if any.</summary>
    public static string Range(string type, double minimum, double maximum)
    {
        bool hasLeast = double.IsFinite(minimum) && minimum > int.MinValue,
            hasMost = double.IsFinite(maximum) && maximum < int.MaxValue;
        return (hasLeast, hasMost) switch
        {
            (true, true) => FormattableString.Invariant($"{type} {minimum}…{maximum}"),
            (true, false) => FormattableString.Invariant($"{type} ≥ {minimum}"),
            (false, true) => FormattableString.Invariant($"{type} ≤ {maximum}"),
            _ => type,
        };
    }
}
