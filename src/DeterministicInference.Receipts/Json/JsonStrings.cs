using System.Buffers;
using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Json;

/// <summary>
/// The inside of a JSON string token, as the reader has checked it: valid escapes, no raw control characters.
/// </summary>
internal static class JsonStrings
{
    /// <summary>
    /// Takes the next piece: a run of raw UTF-8, or, where that is empty, one UTF-16 unit written as an escape.
    /// False at the end.
    /// </summary>
    public static bool Next(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> raw, out char unit)
    {
        raw = [];
        unit = default;
        if (rest.IsEmpty)
            return false;
        int escape = rest.IndexOf((byte)'\\');
        if (escape != 0)
        {
            raw = escape < 0 ? rest : rest[..escape];
            rest = rest[raw.Length..];
            return true;
        }
        unit = rest[1] switch
        {
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            (byte)'u' => (char)
                ushort.Parse(rest.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
            byte itself => (char)itself,
        };
        rest = rest[(rest[1] == 'u' ? 6 : 2)..];
        return true;
    }

    /// <summary>The UTF-16 units; half pairs stay as they are.</summary>
    public static string Decode(ReadOnlySpan<byte> escaped)
    {
        if (!escaped.Contains((byte)'\\'))
            return Encoding.UTF8.GetString(escaped);
        var text = new StringBuilder(escaped.Length);
        while (Next(ref escaped, out ReadOnlySpan<byte> raw, out char unit))
        {
            if (raw.IsEmpty)
                text.Append(unit);
            else
                text.Append(Encoding.UTF8.GetString(raw));
        }
        return text.ToString();
    }

    /// <summary>Whether the characters are those of an ASCII text.</summary>
    public static bool AreEqual(ReadOnlySpan<byte> escaped, ReadOnlySpan<byte> ascii)
    {
        if (!escaped.Contains((byte)'\\'))
            return escaped.SequenceEqual(ascii);
        // A character takes at most as many bytes as \uXXXX: what is longer is not decoded, whatever it may be.
        return escaped.Length <= 6 * ascii.Length && Decode(escaped) == Encoding.ASCII.GetString(ascii);
    }

    /// <summary>True if an escape writes half of a surrogate pair without the other half.</summary>
    public static bool HasUnpairedSurrogate(ReadOnlySpan<byte> escaped)
    {
        if (!escaped.Contains((byte)'\\'))
            return false;
        bool high = false;
        while (Next(ref escaped, out ReadOnlySpan<byte> raw, out char unit))
        {
            bool low = raw.IsEmpty && char.IsLowSurrogate(unit);
            if (low != high)
                return true;
            high = raw.IsEmpty && char.IsHighSurrogate(unit);
        }
        return high;
    }

    /// <summary>Bytes of half of a surrogate pair.</summary>
    public const int HalfBytes = 3;

    /// <summary>Writes half of a surrogate pair as UTF-8 would if it allowed one.</summary>
    public static void EncodeHalf(char unit, Span<byte> bytes)
    {
        bytes[0] = (byte)(0xE0 | (unit >> 12));
        bytes[1] = (byte)(0x80 | ((unit >> 6) & 0x3F));
        bytes[2] = (byte)(0x80 | (unit & 0x3F));
    }

    /// <summary>
    /// Writes the characters as UTF-8, half pairs alike (<see cref="EncodeHalf"/>); <paramref name="quoted"/>: as a
    /// canonical JSON string.
    /// </summary>
    public static void Write(ReadOnlySpan<byte> escaped, IBufferWriter<byte> output, bool quoted)
    {
        if (quoted)
            output.Write("\""u8);
        char high = default;
        while (Next(ref escaped, out ReadOnlySpan<byte> raw, out char unit))
        {
            bool low = raw.IsEmpty && char.IsLowSurrogate(unit);
            if (high != default && low)
            {
                WriteRune(new Rune(high, unit), output);
                high = default;
                continue;
            }
            if (high != default)
                WriteHalf(high, output);
            high = default;
            if (!raw.IsEmpty)
                output.Write(raw);
            else if (char.IsHighSurrogate(unit))
                high = unit;
            else if (low)
                WriteHalf(unit, output);
            else if (quoted)
                WriteQuoted(unit, output);
            else
                WriteRune(new Rune(unit), output);
        }
        if (high != default)
            WriteHalf(high, output);
        if (quoted)
            output.Write("\""u8);
    }

    /// <summary>Writes a text without half pairs as a canonical JSON string.</summary>
    public static void WriteQuoted(string text, IBufferWriter<byte> output)
    {
        output.Write("\""u8);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.IsAscii)
                WriteQuoted((char)rune.Value, output);
            else
                WriteRune(rune, output);
        }
        output.Write("\""u8);
    }

    private static void WriteQuoted(char unit, IBufferWriter<byte> output)
    {
        switch (unit)
        {
            case '"':
                output.Write("\\\""u8);
                break;
            case '\\':
                output.Write("\\\\"u8);
                break;
            case '\b':
                output.Write("\\b"u8);
                break;
            case '\f':
                output.Write("\\f"u8);
                break;
            case '\n':
                output.Write("\\n"u8);
                break;
            case '\r':
                output.Write("\\r"u8);
                break;
            case '\t':
                output.Write("\\t"u8);
                break;
            case < ' ':
                output.Write([(byte)'\\', (byte)'u', (byte)'0', (byte)'0', Hex(unit >> 4), Hex(unit & 15)]);
                break;
            default:
                WriteRune(new Rune(unit), output);
                break;
        }
    }

    private static void WriteHalf(char unit, IBufferWriter<byte> output)
    {
        EncodeHalf(unit, output.GetSpan(HalfBytes));
        output.Advance(HalfBytes);
    }

    private static byte Hex(int digit) => "0123456789abcdef"u8[digit];

    private static void WriteRune(Rune rune, IBufferWriter<byte> output) =>
        output.Advance(rune.EncodeToUtf8(output.GetSpan(4)));
}
