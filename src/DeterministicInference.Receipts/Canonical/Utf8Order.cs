using System.Text;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>
/// Order of the UTF-8 bytes, which is the order of code points. Ordinal comparison of strings is not: U+E000 sorts before
/// U+1F600, whose first UTF-16 unit is smaller.
/// </summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static Utf8Order Instance { get; } = new();

    public int Compare(string? x, string? y) => Encoding.UTF8.GetBytes(x!).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y!));

    /// <summary>False if the text has half of a surrogate pair, which UTF-8 can't write.</summary>
    public static bool IsWellFormed(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (!char.IsSurrogatePair(text, i)) return false;
            i++;
        }
        return true;
    }
}
