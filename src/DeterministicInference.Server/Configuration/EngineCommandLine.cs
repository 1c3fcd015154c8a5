using System.Globalization;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Reads a user's engine arguments as the engine's own parser does: the last of repeated flags counts, a value follows
/// a space or an equals sign, and long flags may be abbreviated, if the engine is written in Python, or written with
/// underscores (https://docs.python.org/3/library/argparse.html, allow_abbrev).
/// </summary>
internal sealed class EngineCommandLine
{
    /// <summary>Prefixes of a flag that are shorter are not taken for abbreviations.</summary>
    private const int ShortestAbbreviation = 8;

    private readonly List<(string Flag, string? Value, IReadOnlyList<string> All)> _given = [];

    private readonly bool _abbreviates;

    /// <param name="words">The arguments; the last one wins.</param>
    /// <param name="abbreviates">Whether the engine accepts the beginning of a long flag for it.</param>
    public EngineCommandLine(IReadOnlyList<string> words, bool abbreviates = true)
    {
        _abbreviates = abbreviates;
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            if (!IsFlag(word))
            {
                HasPositional |= i == 0 || words[i - 1] == "--" || HasEquals(words[i - 1]);
                continue;
            }
            int equals = HasEquals(word) ? word.IndexOf('=') : -1;
            string flag = WithDashes(equals < 0 ? word : word[..equals]);
            string? next = i + 1 < words.Count && !IsFlag(words[i + 1]) ? words[i + 1] : null;
            string[] following = [.. words.Skip(i + 1).TakeWhile(value => !IsFlag(value))];
            _given.Add(
                equals < 0
                    ? (flag, next, following)
                    : (flag, word[(equals + 1)..], [word[(equals + 1)..], .. following])
            );
        }
    }

    /// <summary>The flags in order, each with the words that may be its values.</summary>
    public IEnumerable<(string Flag, IReadOnlyList<string> Values)> Given =>
        _given.Select(given => (given.Flag, given.All));

    /// <summary>
    /// Whether a word can't be the value of a flag: one at the beginning, after <c>--</c>, or after a flag with an
    /// equals sign. Whether a word after a flag is its value only the engine knows.
    /// </summary>
    public bool HasPositional { get; }

    /// <summary>
    /// The first word that means one of the flags, without its value; null if none does. Unlike the other methods it
    /// prefers a word too many: a beginning of any length counts, and a colon ends a flag too.
    /// </summary>
    /// <param name="flags">The flags.</param>
    /// <param name="abbreviates">Whether a beginning of a long flag counts.</param>
    public string? Spelling(IReadOnlyList<string> flags, bool abbreviates)
    {
        foreach ((string given, _, _) in _given)
        {
            string name = given.Split('=', ':')[0];
            bool mayBeShort = abbreviates && name.Length > 2 && name.StartsWith("--", StringComparison.Ordinal);
            if (flags.Any(flag => flag == name || (mayBeShort && flag.StartsWith(name, StringComparison.Ordinal))))
                return name;
        }
        return null;
    }

    /// <summary>The spelling that was given last, or null.</summary>
    public string? Last(params ReadOnlySpan<string> flags) => Find(flags)?.Flag;

    /// <summary>
    /// The last value of a flag with several spellings; empty where it has none, null where the flag is missing.
    /// </summary>
    public string? Value(params ReadOnlySpan<string> flags) => Find(flags) is { } given ? given.Value ?? "" : null;

    /// <summary>The values of the last occurrence of a flag that takes several.</summary>
    public IReadOnlyList<string> Values(params ReadOnlySpan<string> flags) => Find(flags)?.All ?? [];

    /// <summary>All values of a flag that may be repeated.</summary>
    public IEnumerable<string> All(params string[] flags) =>
        _given.Where(given => flags.Any(flag => Means(given.Flag, flag))).SelectMany(given => given.All);

    /// <summary>The last value as a whole number; null also where it is not one.</summary>
    public int? Number(params ReadOnlySpan<string> flags) =>
        int.TryParse(Value(flags), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;

    /// <summary>The last flag with a prefix, or null.</summary>
    public string? WithPrefix(string prefix) =>
        _given.FindLast(given => given.Flag.StartsWith(prefix, StringComparison.Ordinal)).Flag;

    private (string Flag, string? Value, IReadOnlyList<string> All)? Find(ReadOnlySpan<string> flags)
    {
        for (int i = _given.Count - 1; i >= 0; i--)
        {
            foreach (string flag in flags)
            {
                if (Means(_given[i].Flag, flag))
                    return _given[i];
            }
        }
        return null;
    }

    /// <summary>
    /// Whether a flag has its value behind an equals sign. Python's parser takes it behind short flags too.
    /// </summary>
    private bool HasEquals(string word) =>
        (_abbreviates ? IsFlag(word) : word.StartsWith("--", StringComparison.Ordinal))
        && word.Contains('=', StringComparison.Ordinal);

    /// <summary>
    /// A long flag with dashes for underscores, up to the first dot: behind it are names of members (vllm-project/vllm
    /// @00da11e, vllm/utils/argparse_utils.py).
    /// </summary>
    private static string WithDashes(string flag)
    {
        if (!flag.StartsWith("--", StringComparison.Ordinal))
            return flag;
        int dot = flag.IndexOf('.');
        return dot < 0 ? flag.Replace('_', '-') : flag[..dot].Replace('_', '-') + flag[dot..];
    }

    /// <summary>Whether a flag that is given is another one, or its beginning where that may stand for it.</summary>
    public bool Means(string given, string flag) =>
        given == flag
        || (
            _abbreviates
            && given.Length >= ShortestAbbreviation
            && flag.StartsWith("--", StringComparison.Ordinal)
            && flag.StartsWith(given, StringComparison.Ordinal)
        );

    /// <summary>Whether a word is a flag; a negative number is a value.</summary>
    public static bool IsFlag(string word) =>
        word.Length > 1 && word[0] == '-' && !char.IsAsciiDigit(word[1]) && word[1] != '.';
}
