using System.Buffers;

namespace DeterministicInference.Receipts.Answers;

/// <summary>
/// Characters other than LF and CR at which some clients cut lines: those of Python's <c>str.splitlines</c>
/// (https://docs.python.org/3/library/stdtypes.html#str.splitlines), by which httpx cuts streams.
/// </summary>
internal static class LineBreaks
{
    private static readonly SearchValues<byte> Controls = SearchValues.Create([0x0B, 0x0C, 0x1C, 0x1D, 0x1E]);

    public static bool Has(ReadOnlySpan<byte> text) => text.ContainsAny(Controls) || Count(text) > 0;

    /// <summary>How many of U+0085, U+2028 and U+2029 stand in a text, which are the ones that JSON allows.</summary>
    public static int Count(ReadOnlySpan<byte> text)
    {
        // Most texts have none of their first bytes.
        if (!text.ContainsAny((byte)0xC2, (byte)0xE2))
            return 0;
        int count = 0;
        for (int i = 0; i < text.Length - 1; i++)
        {
            bool isBreak =
                (text[i] == 0xC2 && text[i + 1] == 0x85)
                || (text[i] == 0xE2 && text[i + 1] == 0x80 && i + 2 < text.Length && text[i + 2] is 0xA8 or 0xA9);
            count += isBreak ? 1 : 0;
        }
        return count;
    }
}
