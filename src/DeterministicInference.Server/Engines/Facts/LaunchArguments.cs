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

    /// <param name="words">The command line, without words that belong to no flag.</param>
    /// <param name="aliases">Short flags and other spellings, mapped to the canonical flag.</param>
    /// <param name="leftOut">
    /// Flags that don't affect answers or whose files are hashed; a trailing <c>*</c> matches any ending.
    /// </param>
    /// <param name="abbreviates">Whether the engine accepts abbreviated long flags.</param>
    /// <param name="sheet">Receives the facts and the missing ones.</param>
    public static void Describe(
        IReadOnlyList<string> words,
        IReadOnlyDictionary<string, string> aliases,
        IReadOnlyList<string> leftOut,
        bool abbreviates,
        FactSheet sheet
    )
    {
        for (int i = 0; i < words.Count; )
        {
            string word = words[i++];
            if (!EngineCommandLine.IsFlag(word))
                continue;
            int equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=') : -1;
            string flag = equals < 0 ? word : word[..equals];
            if (flag.StartsWith("--", StringComparison.Ordinal))
                flag = flag.Replace('_', '-');
            flag = aliases.GetValueOrDefault(flag, flag);
            int first = i;
            while (i < words.Count && !EngineCommandLine.IsFlag(words[i]))
                i++;
            string[] values =
            [
                .. equals < 0 ? (string[])[] : [word[(equals + 1)..]],
                .. words.Skip(first).Take(i - first),
            ];
            if (SecretArguments.SecretsIn([flag, ""]).Any() || leftOut.Any(other => IsMeant(flag, other, abbreviates)))
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
            sheet.Measured(Prefix + Key(flag), values.Length == 0 ? "true" : value);
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
