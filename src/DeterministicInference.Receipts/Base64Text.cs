using System.Diagnostics.CodeAnalysis;

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

    /// <summary>The same for the alphabet of section 4 alone.</summary>
    public static bool TryDecodeStandard([NotNullWhen(true)] string? text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        return text is not null && !text.AsSpan().ContainsAny('-', '_') && TryDecode(text, out bytes);
    }
}
