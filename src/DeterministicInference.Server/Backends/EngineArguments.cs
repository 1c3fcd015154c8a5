using System.Globalization;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// What a user's arguments of an engine say, read as the engine's own parser reads them: the last of several counts, a value follows
/// a space or an equals sign, and long flags may be shortened or written with underscores.
/// </summary>
internal sealed class EngineArguments
{
    /// <summary>A shorter beginning of a flag is taken for itself only.</summary>
    private const int ShortestAbbreviation = 8;

    private readonly List<(string Flag, string? Value, IReadOnlyList<string> All)> _given = [];

    /// <param name="words">The arguments; the last one wins.</param>
    public EngineArguments(IReadOnlyList<string> words)
    {
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            if (!IsFlag(word)) continue;
            int equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=') : -1;
            string flag = equals < 0 ? word : word[..equals];
            if (flag.StartsWith("--", StringComparison.Ordinal)) flag = flag.Replace('_', '-');
            string? next = i + 1 < words.Count && !IsFlag(words[i + 1]) ? words[i + 1] : null;
            string[] following = [.. words.Skip(i + 1).TakeWhile(value => !IsFlag(value))];
            _given.Add(equals < 0 ? (flag, next, following) : (flag, word[(equals + 1)..], [word[(equals + 1)..], .. following]));
        }
    }

    /// <summary>Which of some spellings was given last, or null.</summary>
    public string? Last(params ReadOnlySpan<string> flags) => Find(flags)?.Flag;

    /// <summary>The last value given to one of some spellings of a flag; empty where it stands alone; null where it was not given.</summary>
    public string? Value(params ReadOnlySpan<string> flags) => Find(flags) is { } given ? given.Value ?? "" : null;

    /// <summary>The values last given to a flag that takes several.</summary>
    public IReadOnlyList<string> Values(params ReadOnlySpan<string> flags) => Find(flags)?.All ?? [];

    /// <summary>Every value of a flag that may be repeated.</summary>
    public IEnumerable<string> All(params string[] flags) => _given.Where(given => flags.Any(flag => Means(given.Flag, flag))).SelectMany(given => given.All);

    /// <summary>The same as a whole number; null also where it is none.</summary>
    public int? Number(params ReadOnlySpan<string> flags) =>
        int.TryParse(Value(flags), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number : null;

    /// <summary>The last flag that begins so, or null.</summary>
    public string? WithPrefix(string prefix) => _given.FindLast(given => given.Flag.StartsWith(prefix, StringComparison.Ordinal)).Flag;

    private (string Flag, string? Value, IReadOnlyList<string> All)? Find(ReadOnlySpan<string> flags)
    {
        for (int i = _given.Count - 1; i >= 0; i--)
        {
            foreach (string flag in flags)
            {
                if (Means(_given[i].Flag, flag)) return _given[i];
            }
        }
        return null;
    }

    private static bool Means(string given, string flag) =>
        given == flag || (given.Length >= ShortestAbbreviation && flag.StartsWith("--", StringComparison.Ordinal) && flag.StartsWith(given, StringComparison.Ordinal));

    /// <summary>A negative number is a value.</summary>
    public static bool IsFlag(string word) => word.Length > 1 && word[0] == '-' && !char.IsAsciiDigit(word[1]) && word[1] != '.';
}
