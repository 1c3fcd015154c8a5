namespace DeterministicInference.ModelTools.Tokenizer;

/// <summary>
/// Cuts a text as the pattern <c> ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+</c> does: words and punctuation with one leading
/// space, single digits, runs of white space. Written by hand because it runs beside the training.
/// </summary>
internal static class PreTokens
{
    private enum Class
    {
        Letter,
        Digit,
        Space,
        Other,
    }

    /// <summary>Length of the piece that starts at <paramref name="start"/>.</summary>
    public static int LengthAt(string text, int start)
    {
        Class first = ClassOf(text[start]);
        if (first == Class.Digit)
        {
            return 1;
        }

        int at = start;
        if (first == Class.Space)
        {
            Class next = start + 1 < text.Length ? ClassOf(text[start + 1]) : Class.Space;
            if (text[start] != ' ' || next is Class.Space or Class.Digit)
            {
                return RunLength(text, start, Class.Space);
            }

            first = next;
            at++;
        }

        return at - start + RunLength(text, at, first);
    }

    private static int RunLength(string text, int start, Class wanted)
    {
        int end = start;
        while (end < text.Length && ClassOf(text[end]) == wanted)
        {
            end++;
        }

        return end - start;
    }

    private static Class ClassOf(char c) =>
        char.IsAsciiLetter(c) ? Class.Letter
        : char.IsAsciiDigit(c) ? Class.Digit
        : char.IsWhiteSpace(c) ? Class.Space
        : c < 0x80 ? Class.Other
        : throw new ArgumentException($"The training text is ASCII, but it has U+{(int)c:X4}.", nameof(c));
}
