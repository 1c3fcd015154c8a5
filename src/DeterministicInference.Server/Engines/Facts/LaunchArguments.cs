using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>
/// Describes the launch arguments of an engine as facts <c>argument.name</c>, for engines that do not report them.
/// Their order has no meaning, except that the last of repeated flags counts, or each in turn of those that add up, and
/// that the last counts of a switch and its negation. An argument that names files is the hash of their content.
/// </summary>
internal static class LaunchArguments
{
    private const string Prefix = "argument.",
        Negation = "--no-";

    /// <param name="given">The command line; words that belong to no flag are not described.</param>
    /// <param name="aliases">Short flags and other spellings, mapped to the canonical flag.</param>
    /// <param name="leftOut">
    /// Flags that don't affect answers or whose files are hashed; a trailing <c>*</c> matches any ending.
    /// </param>
    /// <param name="abbreviates">Whether the engine accepts abbreviated long flags.</param>
    /// <param name="sheet">Receives the facts and the missing ones.</param>
    /// <param name="addsUp">Whether each occurrence of a flag counts; null if the last one does of all.</param>
    public static void Describe(
        EngineCommandLine given,
        IReadOnlyDictionary<string, string> aliases,
        IReadOnlyList<string> leftOut,
        bool abbreviates,
        FactSheet sheet,
        Predicate<string>? addsUp = null
    )
    {
        (string Flag, IReadOnlyList<string> Values)[] words =
        [
            .. given.Given.Select(word => (aliases.GetValueOrDefault(word.Flag, word.Flag), word.Values)),
        ];
        foreach (
            IGrouping<string, IReadOnlyList<string>> flags in words.GroupBy(word => word.Flag, word => word.Values)
        )
        {
            string flag = flags.Key;
            if (LastSwitch(Opposite(flag)) > LastSwitch(flag))
                continue;
            if (SecretArguments.IsSecretFlag(flag) || leftOut.Any(other => IsMeant(flag, other, abbreviates)))
                continue;
            // An engine may load the file of each occurrence.
            string[] all = [.. flags.SelectMany(values => values)];
            IReadOnlyList<string> counted = addsUp?.Invoke(flag) == true ? all : flags.Last();
            if (!NamedFiles.AreIn(flag, all))
                // A switch has no value.
                sheet.Measured(
                    Prefix + Key(flag),
                    counted.Count == 0 ? "true" : string.Join(' ', counted.Select(SecretArguments.RedactValue))
                );
            else if (NamedFiles.HashOf(flag, all) is { } hash)
                sheet.Measured(Prefix + Key(flag), $"sha256:{hash}");
            else
                sheet.AddMissing(
                    "argument_not_measured",
                    $"The engine's argument {flag} names a folder, a large file, one that can't be read, or an "
                        + "address, whose content is not measured. Leave it out."
                );
        }

        // What has a value is no switch: --no-host negates nothing of --host NAME.
        int LastSwitch(string flag) => Array.FindLastIndex(words, word => word.Flag == flag && word.Values.Count == 0);
    }

    /// <summary>The negation of a switch, or the switch of a negation; the flag itself where it is short.</summary>
    private static string Opposite(string flag) =>
        flag.StartsWith(Negation, StringComparison.Ordinal) ? string.Concat("--", flag.AsSpan(Negation.Length))
        : flag.StartsWith("--", StringComparison.Ordinal) ? string.Concat(Negation, flag.AsSpan(2))
        : flag;

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
