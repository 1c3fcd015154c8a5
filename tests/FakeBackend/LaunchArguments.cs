namespace DeterministicInference.FakeBackend;

/// <summary>The parsed command line.</summary>
internal sealed class LaunchArguments
{
    private readonly Dictionary<string, List<string>> _values = [];

    private LaunchArguments(IReadOnlyList<string> all) => All = all;

    /// <summary>As they came.</summary>
    public IReadOnlyList<string> All { get; }

    /// <summary>The argument without a flag, where the engine takes one.</summary>
    public string? Positional { get; private init; }

    public string Host => this["--host"] ?? "127.0.0.1";

    /// <summary>
    /// The Unix socket to listen on instead of host and port: vLLM's flag, and llama-server's host with this ending.
    /// </summary>
    public string? Socket =>
        this["--uds"] ?? (Host.EndsWith(".sock", StringComparison.Ordinal) ? Path.GetFullPath(Host) : null);

    /// <summary>The last value of a flag in its main spelling.</summary>
    public string? this[string flag] => _values.TryGetValue(flag, out List<string>? values) ? values[^1] : null;

    public int Port(int fallback) => Number("--port", fallback);

    public int Number(string flag, int fallback) => this[flag] is { } value ? int.Parse(value, null) : fallback;

    public bool Has(string flag) => _values.ContainsKey(flag);

    /// <summary>All values of a flag; empty where it is not given.</summary>
    public IReadOnlyList<string> List(string flag) => _values.GetValueOrDefault(flag) ?? [];

    /// <param name="all">All arguments.</param>
    /// <param name="skip">How many at the beginning are no flags.</param>
    /// <param name="table">What is known.</param>
    /// <param name="takesPositional">Whether one argument may come without a flag.</param>
    /// <exception cref="UsageException">Unknown flag, missing or malformed value.</exception>
    public static LaunchArguments Parse(string[] all, int skip, FlagTable table, bool takesPositional)
    {
        string? positional = null;
        int i = skip;
        if (takesPositional && i < all.Length && !all[i].StartsWith('-'))
            positional = all[i++];
        var parsed = new LaunchArguments(all) { Positional = positional };
        for (; i < all.Length; i++)
        {
            string[] parts = table.TakesFlagsAsValues ? [all[i]] : all[i].Split('=', 2);
            string flag = table.Aliases.GetValueOrDefault(parts[0], parts[0]);
            if (table.Switches.Contains(flag) && parts.Length == 1)
                parsed._values[flag] = [""];
            else if (table.Values.Contains(flag) || table.Lists.Contains(flag))
                i += parsed.Take(flag, parts, all[(i + 1)..], table);
            else
                throw table.Unknown(all[i..]);
        }
        return parsed;
    }

    /// <summary>As Python prints a dataclass.</summary>
    public string Describe(string name) =>
        $"{name}({string.Join(", ", _values.Select(value => $"{value.Key.TrimStart('-').Replace('-', '_')}='{value.Value[^1].Replace("\\", "\\\\").Replace("'", "\\'")}'"))})";

    /// <returns>How many of the following arguments were its values.</returns>
    private int Take(string flag, string[] parts, string[] following, FlagTable table)
    {
        string[] values =
            parts.Length == 2
                ? [parts[1]]
                :
                [
                    .. following.TakeWhile(value =>
                        table.TakesFlagsAsValues || !value.StartsWith("--", StringComparison.Ordinal)
                    ),
                ];
        if (values.Length == 0)
            throw table.MissingValue(parts[0]);
        if (!table.Lists.Contains(flag))
            values = values[..1];
        foreach (string value in values)
        {
            if (table.Numbers.Contains(flag) && !long.TryParse(value, out _))
                throw table.NotANumber(parts[0], value);
            if (table.Choices.TryGetValue(flag, out string[]? choices) && !choices.Contains(value))
                throw table.NotAChoice(flag, value);
        }
        _values[flag] = [.. values];
        return parts.Length == 2 ? 0 : values.Length;
    }
}
