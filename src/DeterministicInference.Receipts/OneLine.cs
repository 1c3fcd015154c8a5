using System.Text;

namespace DeterministicInference.Receipts;

/// <summary>Makes foreign text safe for a line of output.</summary>
internal static class OneLine
{
    /// <summary>Escapes control characters, such as line ends, as \uXXXX.</summary>
    public static string Of(string text)
    {
        if (!text.Any(char.IsControl))
            return text;
        var line = new StringBuilder();
        foreach (char c in text)
        {
            if (char.IsControl(c))
                line.Append($"\\u{(int)c:x4}");
            else
                line.Append(c);
        }
        return line.ToString();
    }
}
