using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>True or false.</summary>
/// <param name="AcceptsText">Also as a string.</param>
internal sealed record BooleanType(bool AcceptsText = true) : FieldType
{
    public override void Check(JsonElement value, string path, List<Coercion> coercions)
    {
        if (AcceptsText && value.ValueKind == JsonValueKind.String && JsonMarshal.GetRawUtf8Value(value) is var written)
        {
            string? scalar = written.SequenceEqual("\"true\""u8) ? "true" : written.SequenceEqual("\"false\""u8) ? "false" : null;
            if (scalar is not null)
            {
                coercions.Add(new Coercion(path, value, scalar));
                return;
            }
        }
        FieldReader.AsBoolean(value, path);
    }
}

/// <summary>A whole number, also as a string.</summary>
internal sealed record IntegerType(long Minimum, long Maximum) : FieldType
{
    public override void Check(JsonElement value, string path, List<Coercion> coercions) =>
        FieldReader.AsInteger(NumberText.Read(value, path, coercions), path, Minimum, Maximum);
}

/// <summary>A number, also as a string.</summary>
internal sealed record NumberType(double Minimum, double Maximum) : FieldType
{
    public override void Check(JsonElement value, string path, List<Coercion> coercions) =>
        FieldReader.AsNumber(NumberText.Read(value, path, coercions), path, Minimum, Maximum);
}

/// <summary>A string.</summary>
/// <param name="Allowed">The only values, if there are any.</param>
internal sealed record TextType(params string[] Allowed) : FieldType
{
    private const int LongestQuote = 40;

    public override void Check(JsonElement value, string path, List<Coercion> coercions)
    {
        // Only an escape can make a string one that has no meaning; to decode every prompt would be a waste.
        bool isPlain = Allowed.Length == 0 && value.ValueKind == JsonValueKind.String && JsonMarshal.GetRawUtf8Value(value).IndexOf("\\u"u8) < 0;
        if (isPlain) return;
        string text = FieldReader.AsText(value, path);
        if (Allowed.Length == 0 || Allowed.Contains(text)) return;
        string quoted = text.Length > LongestQuote ? string.Concat(text.EnumerateRunes().Take(LongestQuote)) + "…" : text;
        string supported = $"'{string.Join("', '", Allowed[..^1])}' and '{Allowed[^1]}'";
        throw OpenAIException.Invalid($"Invalid value for '{path}': '{quoted}'. Supported values are: {supported}.", path, "invalid_value");
    }
}

/// <summary>Numbers that are written as strings.</summary>
internal static class NumberText
{
    /// <summary>The number that a string spells as JSON does; anything else as it is.</summary>
    public static JsonElement Read(JsonElement value, string path, List<Coercion> coercions)
    {
        if (value.ValueKind != JsonValueKind.String) return value;
        ReadOnlySpan<byte> literal = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        // A longer one could not be written into a receipt, and no number needs it.
        if (literal.IsEmpty || literal.Length > RequestPins.MaxBytes || !(literal[0] == '-' || char.IsAsciiDigit((char)literal[0]))) return value;
        try
        {
            var reader = new Utf8JsonReader(literal);
            JsonElement number = JsonElement.ParseValue(ref reader);
            if (number.ValueKind != JsonValueKind.Number || reader.BytesConsumed != literal.Length) return value;
            coercions.Add(new Coercion(path, value, Encoding.ASCII.GetString(literal)));
            return number;
        }
        catch (JsonException)
        {
            return value;
        }
    }
}
