namespace DeterministicInference.FakeBackend;

/// <summary>A command line that can't be used; the text is what argparse would print.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>The parsed command line.</summary>
internal sealed class LaunchArguments
{
    private readonly Dictionary<string, string> _values = [];

    private LaunchArguments(IReadOnlyList<string> all) => All = all;

    /// <summary>As they came.</summary>
    public IReadOnlyList<string> All { get; }

    public string ModelPath => _values["--model-path"];

    public string Host => _values.GetValueOrDefault("--host", "127.0.0.1");

    public int Port => int.Parse(_values.GetValueOrDefault("--port", "30000"), null);

    public string ServedModelName => _values.GetValueOrDefault("--served-model-name", ModelPath);

    public string? ApiKey => _values.GetValueOrDefault("--api-key");

    public bool IsDeterministic => _values.ContainsKey("--enable-deterministic-inference");

    /// <summary>Whether the line that tells of readiness is printed.</summary>
    public bool LogsInfo => _values.GetValueOrDefault("--log-level", "info") is "info" or "debug";

    /// <exception cref="UsageException">Unknown flag, missing or malformed value, or no model.</exception>
    public static LaunchArguments Parse(string[] args)
    {
        var parsed = new LaunchArguments(args);
        int i = args is ["-m", "sglang.launch_server", ..] ? 2 : 0;
        for (; i < args.Length; i++)
        {
            string[] parts = args[i].Split('=', 2);
            string flag = SGLangFlags.Aliases.GetValueOrDefault(parts[0], parts[0]);
            if (SGLangFlags.Switches.Contains(flag) && parts.Length == 1)
            {
                parsed._values[flag] = "";
            }
            else if (SGLangFlags.Values.Contains(flag))
            {
                if (parts.Length == 1 && (i + 1 == args.Length || args[i + 1].StartsWith("--", StringComparison.Ordinal))) throw new UsageException($"argument {flag}: expected one argument");
                string value = parts.Length == 2 ? parts[1] : args[++i];
                if (SGLangFlags.Numbers.Contains(flag) && !int.TryParse(value, out _)) throw new UsageException($"argument {flag}: invalid int value: '{value}'");
                parsed._values[flag] = value;
            }
            else
            {
                throw new UsageException($"unrecognized arguments: {string.Join(' ', args[i..])}");
            }
        }
        if (!parsed._values.ContainsKey("--model-path")) throw new UsageException("the following arguments are required: --model-path/--model");
        return parsed;
    }

    /// <summary>As Python prints a dataclass.</summary>
    public string Describe() => $"ServerArgs({string.Join(", ", _values.Select(value => $"{value.Key.TrimStart('-').Replace('-', '_')}='{value.Value.Replace("\\", "\\\\").Replace("'", "\\'")}'"))})";

    /// <summary>The check that follows the parser's: null where nothing is wrong.</summary>
    public string? Conflict() =>
        IsDeterministic && _values.TryGetValue("--attention-backend", out string? attention) && !SGLangFlags.DeterministicAttention.Contains(attention)
            ? $"ValueError: Currently only {string.Join(", ", SGLangFlags.DeterministicAttention)} attention backends are supported for deterministic inference, but you explicitly specified '{attention}'."
            : null;
}
