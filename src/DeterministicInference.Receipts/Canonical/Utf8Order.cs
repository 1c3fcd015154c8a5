namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// Order of the UTF-8 bytes, which is the order of code points. Ordinal comparison of strings is not: U+E000 sorts
/// before U+1F600, whose first UTF-16 unit is smaller.
/// </summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    /// <summary>Of well-formed texts.</summary>
    public int Compare(string? x, string? y)
    {
        int same = x.AsSpan().CommonPrefixLength(y);
        if (same == x!.Length || same == y!.Length)
            return x.Length.CompareTo(y!.Length);
        return Rank(x[same]).CompareTo(Rank(y[same]));
    }

    /// <summary>Surrogates stand for the highest code points.</summary>
    private static int Rank(char unit) => char.IsSurrogate(unit) ? unit + 0x10000 : unit;

    /// <summary>False if the text has half of a surrogate pair, which UTF-8 can't write.</summary>
    public static bool IsWellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!char.IsSurrogatePair(text, i))
                return false;
            i++;
        }
        return true;
    }
}
