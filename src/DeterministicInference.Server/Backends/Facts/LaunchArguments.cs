using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>
/// The arguments with which an engine was launched as facts <c>argument.name</c>, for engines that do not report them. In which order they
/// were given has no meaning, but that the last of several counts.
/// </summary>
internal static class LaunchArguments
{
    private const string Prefix = "argument.";

    /// <param name="words">The command line, without what is no flag's.</param>
    /// <param name="aliases">Short flags and other spellings, by what they stand for.</param>
    /// <param name="leftOut">Flags that don't bear on answers or whose files are hashed; a <c>*</c> at the end stands for any ending.</param>
    /// <param name="abbreviates">Whether the engine takes the beginning of a long flag for the flag.</param>
    /// <param name="sheet">Gets the facts, and what is lacking.</param>
    public static void Describe(IReadOnlyList<string> words, IReadOnlyDictionary<string, string> aliases, IReadOnlyList<string> leftOut, bool abbreviates, FactSheet sheet)
    {
        for (int i = 0; i < words.Count;)
        {
            string word = words[i++];
            if (!EngineArguments.IsFlag(word)) continue;
            int equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=') : -1;
            string flag = equals < 0 ? word : word[..equals];
            if (flag.StartsWith("--", StringComparison.Ordinal)) flag = flag.Replace('_', '-');
            flag = aliases.GetValueOrDefault(flag, flag);
            int first = i;
            while (i < words.Count && !EngineArguments.IsFlag(words[i])) i++;
            string[] values = [.. equals < 0 ? (string[])[] : [word[(equals + 1)..]], .. words.Skip(first).Take(i - first)];
            if (SecretArguments.SecretsIn([flag, ""]).Any() || leftOut.Any(other => IsMeant(flag, other, abbreviates))) continue;
            string value = string.Join(' ', values);
            if (values.Any(PathText.IsPlace))
            {
                sheet.Lacks("argument_not_measured", $"The engine's argument {flag} names a place, and what is there is not measured. Leave it out.");
                continue;
            }
            // A switch has no value.
            sheet.Measured(Prefix + Key(flag), values.Length == 0 ? "true" : value);
        }
    }

    /// <summary>An abbreviation may stand for a flag with a secret, so it does for this purpose.</summary>
    private static bool IsMeant(string flag, string other, bool abbreviates) => other.EndsWith('*')
        ? flag.StartsWith(other[..^1], StringComparison.Ordinal)
        : flag == other || (abbreviates && flag.StartsWith("--", StringComparison.Ordinal) && other.StartsWith(flag, StringComparison.Ordinal));

    private static string Key(string flag) =>
        string.Concat(flag.TrimStart('-').ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '.' ? c : '_'));
}
