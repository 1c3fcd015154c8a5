using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>
/// Describes the launch arguments of an engine as facts <c>argument.name</c>, for engines that do not report them.
/// Their order has no meaning, except that the last of repeated flags counts.
/// </summary>
internal static class LaunchArguments
{
    private const string Prefix = "argument.";

    /// <param name="given">The command line; words that belong to no flag are not described.</param>
    /// <param name="aliases">Short flags and other spellings, mapped to the canonical flag.</param>
    /// <param name="leftOut">
    /// Flags that don't affect answers or whose files are hashed; a trailing <c>*</c> matches any ending.
    /// </param>
    /// <param name="abbreviates">Whether the engine accepts abbreviated long flags.</param>
    /// <param name="sheet">Receives the facts and the missing ones.</param>
    public static void Describe(
        EngineCommandLine given,
        IReadOnlyDictionary<string, string> aliases,
        IReadOnlyList<string> leftOut,
        bool abbreviates,
        FactSheet sheet
    )
    {
        foreach ((string spelling, IReadOnlyList<string> values) in given.Given)
        {
            string flag = aliases.GetValueOrDefault(spelling, spelling);
            if (SecretArguments.IsSecretFlag(flag) || leftOut.Any(other => IsMeant(flag, other, abbreviates)))
                continue;
            string value = string.Join(' ', values);
            if (values.Any(PathText.LooksLikePathOrUrl))
            {
                sheet.AddMissing(
                    "argument_not_measured",
                    $"The engine's argument {flag} names a path or address whose content is not measured. Leave "
                        + "it out."
                );
                continue;
            }
            // A switch has no value.
            sheet.Measured(Prefix + Key(flag), values.Count == 0 ? "true" : value);
        }
    }

    /// <summary>
    /// Whether a flag matches another one. An abbreviation may stand for a flag with a secret, so it counts as a match.
    /// </summary>
    private static bool IsMeant(string flag, string other, bool abbreviates) =>
        other.EndsWith('*')
            ? flag.StartsWith(other[..^1], StringComparison.Ordinal)
            : flag == other
                || (
                    abbreviates
                    && flag.StartsWith("--", StringComparison.Ordinal)
                    && other.StartsWith(flag, StringComparison.Ordinal)
                );

    private static string Key(string flag) =>
        string.Concat(
            flag.TrimStart('-')
                .ToLowerInvariant()
                .Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '.' ? c : '_')
        );
}
