using System.Text;

namespace DeterministicInference.Receipts;

/// <summary>Makes foreign text safe for a terminal, and for a line of a report.</summary>
internal static class OneLine
{
    /// <summary>
    /// Escapes control characters, such as line ends, and those that turn the direction of a line, as \uXXXX.
    /// </summary>
    public static string Of(string text)
    {
        if (!text.Any(IsEscaped))
            return text;
        var line = new StringBuilder();
        foreach (char c in text)
        {
            if (IsEscaped(c))
                line.Append($"\\u{(int)c:x4}");
            else
                line.Append(c);
        }
        return line.ToString();
    }

    /// <summary>The same of a text that may have lines and tabs, which stay.</summary>
    public static string OfLines(string text) =>
        string.Join('\n', text.Split('\n').Select(line => string.Join('\t', line.Split('\t').Select(Of))));

    private static bool IsEscaped(char c) =>
        char.IsControl(c)
        || c is '\u061c' or '\u200e' or '\u200f' or (>= '\u2028' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
