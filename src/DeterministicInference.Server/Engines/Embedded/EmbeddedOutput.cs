using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>The embedded engine's lines, which are in this program's own form.</summary>
internal static partial class EmbeddedOutput
{
    public static EngineOutputRules Rules { get; } =
        new()
        {
            Prefix = Prefix(),
            Errors = Errors(),
            IsOwnForm = true,
        };

    /// <summary>The form of <see cref="Logging.LogLineFormatter"/>; the place is the module.</summary>
    [GeneratedRegex(
        """
            ^(?<time>\d{4}-\d\d-\d\d\ \d\d:\d\d:\d\d)\ \|
            \ (?<level>[A-Z]+)\ *\|
            \ (?<place>deterministic_inference\.engine[a-z_.]*)\ \|
            \ (?<text>.*)$
            """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant
    )]
    private static partial Regex Prefix();

    /// <summary>What a command that can't start says.</summary>
    [GeneratedRegex("^error: ", RegexOptions.CultureInvariant)]
    private static partial Regex Errors();
}
