using System.Text.Json;

namespace DeterministicInference.Server.OpenAI;

/// <summary>Reads values of the OpenAI API's types and ranges. Every error names the field's path.</summary>
internal static class FieldValue
{
    public static string AsText(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.String)
            throw OpenAIException.InvalidType(path, "a string", Kind(value));
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw OpenAIException.Invalid(
                $"Invalid '{path}': the string contains an unpaired surrogate escape.",
                path,
                "invalid_value"
            );
        }
    }

    public static long AsInteger(JsonElement value, string path, long minimum, long maximum)
    {
        if (value.ValueKind != JsonValueKind.Number)
            throw OpenAIException.InvalidType(path, "an integer", Kind(value));
        if (!value.TryGetInt64(out long number) && !TryGetWhole(value, out number))
        {
            bool whole = value.GetRawText().AsSpan().IndexOfAny(".eE") < 0;
            throw whole
                ? OpenAIException.Invalid(
                    $"Invalid '{path}': the integer is out of range.",
                    path,
                    "integer_out_of_range"
                )
                : OpenAIException.InvalidType(path, "an integer", "a decimal number");
        }
        if (number < minimum)
            throw Below("integer", path, minimum.ToString(null, null), value);
        if (number > maximum)
            throw Above("integer", path, maximum.ToString(null, null), value);
        return number;
    }

    public static float AsNumber(JsonElement value, string path, double minimum, double maximum)
    {
        if (value.ValueKind != JsonValueKind.Number)
            throw OpenAIException.InvalidType(path, "a number", Kind(value));
        double number = value.GetDouble();
        if (number < minimum)
            throw Below("decimal", path, $"{minimum}", value);
        if (number > maximum)
            throw Above("decimal", path, $"{maximum}", value);
        return (float)number;
    }

    public static string Kind(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => value.TryGetInt64(out _) ? "an integer" : "a decimal number",
            JsonValueKind.True or JsonValueKind.False => "a boolean",
            _ => "null",
        };

    /// <summary>Reads a whole number, also written as 1.0 or 1e0, as languages without integers do.</summary>
    private static bool TryGetWhole(JsonElement value, out long number)
    {
        bool isWhole =
            value.TryGetDecimal(out decimal exact)
            && exact == decimal.Truncate(exact)
            && exact is >= long.MinValue and <= long.MaxValue;
        number = isWhole ? (long)exact : 0;
        return isWhole;
    }

    private static OpenAIException Below(string type, string path, string bound, JsonElement value) =>
        OpenAIException.Invalid(
            $"Invalid '{path}': {type} below minimum value. Expected a value >= {bound}, but got {Shortened(value)} "
                + "instead.",
            path,
            $"{type}_below_min_value"
        );

    private static OpenAIException Above(string type, string path, string bound, JsonElement value) =>
        OpenAIException.Invalid(
            $"Invalid '{path}': {type} above maximum value. Expected a value <= {bound}, but got {Shortened(value)} "
                + "instead.",
            path,
            $"{type}_above_max_value"
        );

    private static string Shortened(JsonElement value) =>
        value.GetRawText() is { Length: > 40 } text ? text[..40] + "…" : value.GetRawText();
}
