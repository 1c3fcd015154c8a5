namespace DeterministicInference.Receipts.Canonical;

/// <summary>Whole numbers as JSON writes them: digits alone, no sign, point or exponent.</summary>
internal static class Digits
{
    /// <summary>False if the token is anything else, or more than <paramref name="most"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> token, long most, out long value)
    {
        value = 0;
        // Longer ones are more than any long.
        if (token.Length is 0 or > 19 || token.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
            return false;
        ulong read = 0;
        foreach (byte digit in token)
            read = read * 10 + (ulong)(digit - '0');
        value = read <= (ulong)most ? (long)read : 0;
        return read <= (ulong)most;
    }

    /// <summary>The value of a token that was checked.</summary>
    public static long Read(ReadOnlySpan<byte> token)
    {
        long value = 0;
        foreach (byte digit in token)
            value = value * 10 + (digit - '0');
        return value;
    }
}
