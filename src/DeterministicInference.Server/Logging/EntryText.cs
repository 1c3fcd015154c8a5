using System.Text.RegularExpressions;
using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Logging;

/// <summary>
/// Makes a message fit for a log of lines. Messages quote engines, and engines quote their requests, so that a message
/// may hold anything. What begins an entry stays this program's: no message looks like an entry of its own, neither to
/// a reader of lines, by whatever characters it takes for the end of one, nor to a search for a level or a module.
/// </summary>
internal static partial class EntryText
{
    /// <summary>Put before further lines of a message: an entry begins at the start of a line.</summary>
    private const string Indent = "    ";

    /// <summary>The message as it is written behind an entry's module.</summary>
    public static string Of(string text)
    {
        text = OneLine.OfLines(text.Replace("\r\n", "\n", StringComparison.Ordinal));
        if (text.Contains('|', StringComparison.Ordinal))
            text = Separator().Replace(text, "¦");
        return text.Replace("\n", "\n" + Indent, StringComparison.Ordinal);
    }

    /// <summary>A bar before a level or before a module of this program.</summary>
    [GeneratedRegex(
        @"\|(?=\s*(?:(?:DEBUG|INFO|WARNING|ERROR|CRITICAL)\s*\||deterministic_inference))",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Separator();
}
