using System.Text;
using DeterministicInference.Receipts;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// The settings of this process. Precedence from low to high: defaults, config file, variables, flags.
/// </summary>
internal sealed class ResolvedConfiguration
{
    private readonly Dictionary<Setting, GivenValue> _given = [];
    private readonly Dictionary<Setting, string> _complaints = [];
    private readonly List<string> _problems = [];
    private readonly List<string> _warnings = [];
    private ServeOptions _options;
    private (string Path, Origin Origin)? _file;

    private ResolvedConfiguration(ServeOptions defaults) => _options = defaults;

    /// <summary>The options; valid only if there are no problems.</summary>
    public ServeOptions Options => _options;

    /// <summary>The keys of the settings; valid only if there are no problems.</summary>
    public ServeKeys Keys { get; private set; } = null!;

    /// <summary>All problems that prevent a start, each with its remedy.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public IReadOnlyList<string> Warnings => _warnings;

    /// <param name="flags">At most one per setting.</param>
    /// <param name="configPath">The value of <c>--config</c>.</param>
    /// <param name="environment">All variables of the process.</param>
    /// <param name="engines">The engines that <c>--backend</c> may name; the first one is the default.</param>
    /// <param name="hasUnknownFlag">
    /// Whether a flag is unknown: what no setting names, it may have been meant to name.
    /// </param>
    public static ResolvedConfiguration Read(
        IReadOnlyCollection<GivenValue> flags,
        string? configPath,
        IReadOnlyDictionary<string, string> environment,
        IReadOnlyList<EngineChoice> engines,
        bool hasUnknownFlag = false
    )
    {
        var configuration = new ResolvedConfiguration(ServeOptions.DefaultsWith(engines))
        {
            IsComplete = !hasUnknownFlag,
        };
        EnvironmentVariables variables = EnvironmentVariables.Read(environment);
        configuration._warnings.AddRange(variables.Warnings);
        if (configPath is not null)
            configuration._file = (configPath, new Origin(OriginKind.Flag, ConfigFile.Flag));
        else if (variables.ConfigPath is not null)
            configuration._file = (variables.ConfigPath, new Origin(OriginKind.Variable, ConfigFile.Variable));
        if (configuration._file is { } file)
            configuration.Take(ConfigFile.Read(file.Path, file.Origin.Name));
        configuration.Take(variables.Values);
        configuration.Take(flags);
        configuration.Apply();
        configuration.Keys = ServeKeys.Read(configuration._options);
        var validator = new ServeOptionsValidator(configuration, engines);
        configuration._problems.AddRange(validator.Problems());
        configuration._warnings.AddRange(validator.Warnings());
        return configuration;
    }

    /// <summary>
    /// Whether every setting that was given is known; not if a flag is unknown, or the file of <c>--config</c> can't be
    /// read.
    /// </summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>Whether a setting has no complaint.</summary>
    public bool IsGood(string key) => !_complaints.ContainsKey(SettingTable.Of(key));

    /// <summary>Whether a setting was given.</summary>
    public bool IsGiven(string key) => _given.ContainsKey(SettingTable.Of(key));

    /// <summary>Whether a setting has a good value that is not the default.</summary>
    public bool HasEffect(string key) =>
        IsGiven(key)
        && IsGood(key)
        && SettingTable.Of(key) is var setting
        && setting.Write(_options) != setting.Write(new ServeOptions());

    /// <summary>
    /// A complaint about a setting's value: names the setting, the value and, unless the value came from the flag, its
    /// source.
    /// </summary>
    public string Problem(string key, string complaint) => Problem(SettingTable.Of(key), complaint);

    /// <summary>Every setting, its value and its origin, in aligned columns.</summary>
    public string Print()
    {
        var rows = new List<(string Name, string Value, string Origin)> { ("setting", "value", "from") };
        rows.Add((ConfigFile.Flag, OneLine.Of(_file?.Path ?? "(none)"), (_file?.Origin ?? Origin.Default).ToString()));
        foreach (Setting setting in SettingTable.All)
        {
            GivenValue? given = _given.GetValueOrDefault(setting);
            string? text = _complaints.ContainsKey(setting)
                ? given!.Text
                : setting.Write(_options) ?? setting.Unset?.Invoke();
            rows.Add(
                (
                    setting.Flag,
                    text is null ? "(none)" : OneLine.Of(setting.Redact(text)),
                    (given?.Origin ?? Origin.Default).ToString()
                )
            );
        }
        int names = rows.Max(row => row.Name.Length),
            values = rows.Max(row => row.Value.Length);
        var table = new StringBuilder();
        foreach ((string name, string value, string origin) in rows)
            table.Append($"{name.PadRight(names)}  {value.PadRight(values)}  {origin}\n");
        return table.ToString();
    }

    private void Take(ConfigFile file)
    {
        _problems.AddRange(file.Problems);
        IsComplete &= file.IsRead;
        Take(file.Values);
    }

    private void Take(IEnumerable<GivenValue> values)
    {
        foreach (GivenValue value in values)
            _given[value.Setting] = value;
    }

    private void Apply()
    {
        foreach (Setting setting in SettingTable.All)
        {
            if (
                !_given.TryGetValue(setting, out GivenValue? given)
                || (given.Complaint ?? setting.Apply(given.Text, ref _options)) is not { } complaint
            )
                continue;
            _complaints.Add(setting, complaint);
            _problems.Add(Problem(setting, complaint));
        }
        _options = _options with
        {
            IsBackendAddressGiven =
                IsGiven(nameof(ServeOptions.BackendHost)) || IsGiven(nameof(ServeOptions.BackendPort)),
        };
    }

    private string Problem(Setting setting, string complaint)
    {
        GivenValue? given = _given.GetValueOrDefault(setting);
        string text = given?.Text ?? setting.Write(_options) ?? "";
        string place = given?.Origin switch
        {
            null => "(the default) ",
            { Kind: OriginKind.File, Name: var path } => $"in {path} ",
            { Name: var name } when name == setting.Flag => "",
            { Name: var name } => $"from {name} ",
        };
        return $"{setting.Flag}: {(text.Length > 0 ? $"'{setting.Redact(text)}'" : "the value")} {place}{complaint}";
    }
}
