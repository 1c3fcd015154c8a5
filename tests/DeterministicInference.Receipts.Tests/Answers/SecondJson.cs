using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>What the page says of JSON, for <see cref="SecondReader"/>.</summary>
internal static partial class SecondJson
{
    /// <summary>A whole number in digits alone.</summary>
    public static long Whole(JsonElement value, long most, string why) =>
        value.ValueKind == JsonValueKind.Number
        && DigitsAlone().IsMatch(value.GetRawText())
        && long.TryParse(value.GetRawText(), out long number)
        && number <= most
            ? number
            : throw new NoFormException(why);

    /// <summary>The characters of a string.</summary>
    public static string String(JsonElement value) =>
        Text(value) ?? throw new NoFormException($"a {value.ValueKind} instead of text");

    public static void RequireKind(JsonElement value, JsonValueKind kind)
    {
        if (value.ValueKind != kind)
            throw new NoFormException($"a {value.ValueKind} instead of a {kind}");
    }

    /// <summary>
    /// The members of an object, those that are read each once; null is as good as absent.
    /// </summary>
    public static SecondObject Object(JsonElement value, string names)
    {
        RequireKind(value, JsonValueKind.Object);
        HashSet<string> known = [.. names.Split(' ')],
            seen = [];
        var members = new SecondObject(known);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string name = Unescape(RawName(member));
            if (HasHalfPair(name))
                throw new NoFormException("half of a pair in a name");
            if (!known.Contains(name))
            {
                if (name == "__proto__")
                    throw new NoFormException("a prototype");
                if (known.Contains(WithoutCase(name)))
                    throw new NoFormException("a name in another case");
            }
            else if (!seen.Add(name))
                throw new NoFormException($"{name} twice");
            if (member.Value.ValueKind != JsonValueKind.Null)
                members.Add(name, member.Value);
        }
        return members;
    }

    /// <summary>Only letters become small that are one of a name's then.</summary>
    private static string WithoutCase(string name) =>
        string.Concat(
            name.Select(letter =>
                letter switch
                {
                    '\u017f' => 's',
                    '\u212a' => 'k',
                    '\u0130' or '\u0131' => 'i',
                    _ => char.IsAscii(letter) ? char.ToLowerInvariant(letter) : letter,
                }
            )
        );

    /// <summary>The characters of a string; null of another value.</summary>
    public static string? Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? Unescape(value.GetRawText()[1..^1]) : null;

    public static string RawName(JsonProperty member) =>
        Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8PropertyName(member));

    public static bool HasHalfPair(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
                return true;
            i++;
        }
        return false;
    }

    /// <summary>The UTF-16 units of what stands between the quotes of a JSON string.</summary>
    public static string Unescape(string inside) =>
        Escape()
            .Replace(
                inside,
                match =>
                    match.Value[1] switch
                    {
                        'b' => "\b",
                        'f' => "\f",
                        'n' => "\n",
                        'r' => "\r",
                        't' => "\t",
                        'u' => ((char)Convert.ToInt32(match.Value[2..], 16)).ToString(),
                        char itself => itself.ToString(),
                    }
            );

    public static Comparer<byte[]> ByBytes { get; } =
        Comparer<byte[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other));

    /// <summary>The canonical spelling of a value, whatever the order of members and the spelling of numbers.</summary>
    public static string CanonicalText(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => "{"
                + string.Join(
                    ',',
                    value
                        .EnumerateObject()
                        .Select(member => (Name: Quoted(Unescape(RawName(member))), member.Value))
                        .OrderBy(member => SecondChoice.Bytes(member.Name), ByBytes)
                        .Select(member => $"{member.Name}:{CanonicalText(member.Value)}")
                )
                + "}",
            JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(CanonicalText)) + "]",
            JsonValueKind.String => Quoted(Unescape(value.GetRawText()[1..^1])),
            JsonValueKind.Number => Exact(value.GetRawText()),
            _ => value.GetRawText(),
        };

    /// <summary>The value of a number: a whole number that ends in no zero, and a power of ten.</summary>
    private static string Exact(string number)
    {
        string[] parts = number.Split('e', 'E');
        if (parts is [_, { Length: > 9 }])
            return number;
        string[] digits = parts[0].Split('.');
        int power = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var value = BigInteger.Parse(string.Concat(digits), CultureInfo.InvariantCulture);
        if (value.IsZero)
            return "0";
        if (digits.Length > 1)
            power -= digits[1].Length;
        for (; value % 10 == 0; power++)
            value /= 10;
        return string.Create(CultureInfo.InvariantCulture, $"{value}e{power}");
    }

    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char unit in text)
        {
            quoted.Append(
                unit switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\b' => "\\b",
                    '\f' => "\\f",
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    < ' ' => $"\\u{(int)unit:x4}",
                    _ => unit.ToString(),
                }
            );
        }
        return quoted.Append('"').ToString();
    }

    [GeneratedRegex("""\\(u[0-9a-fA-F]{4}|.)""", RegexOptions.Singleline)]
    private static partial Regex Escape();

    [GeneratedRegex("^[0-9]+$")]
    private static partial Regex DigitsAlone();
}
