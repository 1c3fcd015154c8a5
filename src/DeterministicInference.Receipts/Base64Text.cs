using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace DeterministicInference.Receipts;

/// <summary>
/// Base64 with padding in either alphabet (RFC 4648, sections 4 and 5), one spelling per value and alphabet.
/// </summary>
internal static class Base64Text
{
    /// <summary>
    /// False for white space, missing padding, unused bits that are not zero, and a mix of the alphabets.
    /// </summary>
    public static bool TryDecode([NotNullWhen(true)] string? text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text is null || (text.AsSpan().ContainsAny('-', '_') && text.AsSpan().ContainsAny('+', '/')))
            return false;
        string standard = text.Replace('-', '+').Replace('_', '/');
        var buffer = new byte[text.Length / 4 * 3 + 3];
        if (!Convert.TryFromBase64String(standard, buffer, out int written))
            return false;
        byte[] decoded = buffer[..written];
        if (Convert.ToBase64String(decoded) != standard)
            return false;
        bytes = decoded;
        return true;
    }

    /// <summary>The same of text in UTF-8, which may be large: there is no other copy than the bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        bool isUrl = text.ContainsAny((byte)'-', (byte)'_');
        if (text.Length % 4 != 0 || text.ContainsAnyExcept(isUrl ? UrlAlphabet : StandardAlphabet))
            return false;
        int padding = text.Length - text.TrimEnd((byte)'=').Length;
        if (padding > 2)
            return false;
        var decoded = new byte[text.Length / 4 * 3 - padding];
        OperationStatus status = isUrl
            ? Base64Url.DecodeFromUtf8(text, decoded, out _, out int written)
            : Base64.DecodeFromUtf8(text, decoded, out _, out written);
        if (status != OperationStatus.Done || written != decoded.Length)
            return false;
        // Unused bits can be only in the last group.
        if (padding > 0 && !TryDecode(Encoding.ASCII.GetString(text[^4..]), out _))
            return false;
        bytes = decoded;
        return true;
    }

    private static readonly SearchValues<byte> StandardAlphabet = Alphabet("+/"u8),
        UrlAlphabet = Alphabet("-_"u8);

    private static SearchValues<byte> Alphabet(ReadOnlySpan<byte> last) =>
        SearchValues.Create([.. "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789="u8, .. last]);

    /// <summary>The same for the alphabet of section 4 alone.</summary>
    public static bool TryDecodeStandard([NotNullWhen(true)] string? text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return text is not null && !text.AsSpan().ContainsAny('-', '_') && TryDecode(text, out bytes);
    }
}
