using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Gateway;

/// <summary>
/// What clients may read of a text about the engine, which may quote its output: no paths. The log has them.
/// </summary>
internal static partial class ClientText
{
    /// <summary>The text with <c>…</c> for each path.</summary>
    public static string WithoutPaths(string text) =>
        text.Contains('/', StringComparison.Ordinal) || text.Contains('\\', StringComparison.Ordinal)
            ? Path().Replace(text, "…")
            : text;

    /// <summary>
    /// An absolute path, also of Windows and below <c>~</c>, or a relative one to a file of source or of a library. A
    /// URL is none, nor is a route of an engine, nor a model's name with its owner.
    /// </summary>
    [GeneratedRegex(
        """
            (?<![\w/.~])(?:~|\.{1,2})?/(?!/|health\b|v\d/)[^\s'"`<>|,;:()\[\]{}]+(?::\d+)?
            |(?<!\w)[A-Za-z]:\\[^\s'"`<>|,;()\[\]{}]+
            |(?<![\w/.:-])(?:[\w.-]+/)+[\w.-]+\.(?:py|so|cpp|cc|cu|cuh|c|h|hpp|rs|gguf|safetensors|json)\b(?::\d+)?
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Path();
}
