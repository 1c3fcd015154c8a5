using System.Net;
using DeterministicInference.Server.Admission;
using DeterministicInference.Server.Backends;

namespace DeterministicInference.Server.Configuration;

/// <summary>What the values of several settings, or a setting and the machine, must agree on. A value that is bad by itself is passed over.</summary>
internal sealed class InferenceOptionsValidator(ResolvedConfiguration configuration, IReadOnlyList<BackendChoice> backends)
{
    private readonly InferenceOptions _options = configuration.Options;
    private readonly ApiKeySettings _keys = ApiKeySettings.Read(configuration.Options);
    private readonly BackendKey _backendKey = BackendKey.Read(configuration.Options);

    private bool AttachesByUrl => _options.BackendUrl is not null || !configuration.IsGood(nameof(InferenceOptions.BackendUrl));

    public IEnumerable<string> Problems()
    {
        BackendChoice? backend = backends.FirstOrDefault(choice => choice.Name == _options.Backend);
        IEnumerable<string?> found =
        [
            backend is null ? UnknownBackend() : null,
            backend is null ? null : Model(backend),
            backend is null ? null : Attachment(backend),
            Arguments(),
            Seed(),
            Restart(),
            Ports(),
            Loop(),
            LogFolder(),
            BackendKeyProblem(),
            DataFolder(),
            .. WithoutReceipts(),
            .. _keys.Problems.Select(problem => configuration.Problem(problem.Setting, problem.Complaint)),
        ];
        return found.OfType<string>();
    }

    public IEnumerable<string> Warnings() =>
    [
        .. _keys.Warnings.Select(warning => configuration.Problem(warning.Setting, warning.Complaint)),
        .. _backendKey.IsOpen ? (string[])[configuration.Problem(nameof(InferenceOptions.BackendApiKeyFile), "can be read by every user of this machine. Take that right away: chmod o-rwx.")] : [],
    ];

    private string? UnknownBackend() => !configuration.IsGood(nameof(InferenceOptions.Backend))
        ? null
        : configuration.Problem(nameof(InferenceOptions.Backend),
            $"is not an engine that is known here. Give {string.Join(", ", backends.Select(choice => choice.Name).SkipLast(1))} or {backends[^1].Name}.");

    private string? Model(BackendChoice backend) =>
        backend.NeedsModelPath && _options.ModelPath is null && configuration.IsGood(nameof(InferenceOptions.ModelPath)) && !AttachesByUrl
            ? "--model-path: no model. Pass --model-path, set INFERENCE_MODEL_PATH, or use the bundled one with --backend embedded."
            : null;

    private string? Attachment(BackendChoice backend) => backend.CanLaunch || AttachesByUrl
        ? null
        : $"--backend-url: no engine to attach to. Pass --backend-url http://HOST:PORT, set INFERENCE_BACKEND_URL, or choose a --backend that is launched.";

    private string? Arguments() => _options.BackendArguments.Count > 0 && AttachesByUrl
        ? configuration.Problem(nameof(InferenceOptions.BackendArguments), "has no engine to go to: --backend-url launches none. Remove one of the two.")
        : null;

    private string? Seed()
    {
        (long least, long most) = BackendRegistry.Find(_options.Backend)?.Requests.Seeds ?? (long.MinValue, long.MaxValue);
        return _options.Determinism == "off" || (_options.Seed != -1 && _options.Seed >= least && _options.Seed <= most)
            ? null
            : configuration.Problem(nameof(InferenceOptions.Seed), $"is not a seed that this engine tells from others. Give a number from {Math.Max(0, least)} to {most}.");
    }

    private string? Restart() => _options.HangAction == "restart" && AttachesByUrl
        ? configuration.Problem(nameof(InferenceOptions.HangAction), "has no engine to restart: --backend-url launches none. Leave one of the two out.")
        : null;

    private string? Ports() => !AttachesByUrl && PortsAreGood() && _options.BackendPort == _options.ProxyPort && Overlap(_options.ProxyHost, _options.BackendHost)
        ? configuration.Problem(nameof(InferenceOptions.ProxyPort), "is the engine's port too. Give another --proxy-port or --backend-port.")
        : null;

    private bool PortsAreGood() => ((string[])
        [nameof(InferenceOptions.ProxyHost), nameof(InferenceOptions.ProxyPort), nameof(InferenceOptions.BackendHost), nameof(InferenceOptions.BackendPort)])
        .All(configuration.IsGood);

    // Only on this machine: another one may well use the same port.
    private string? Loop() => _options.BackendUrl is { } url && PortsAreGood() && url.Port == _options.ProxyPort
        && (url.IsLoopback || url.IdnHost == _options.ProxyHost) && Overlap(_options.ProxyHost, url.IdnHost)
            ? configuration.Problem(nameof(InferenceOptions.BackendUrl), "is this server's own address. Give the engine's, or another --proxy-port.")
            : null;

    private string? BackendKeyProblem() => _backendKey.Complaint is var (setting, complaint) ? configuration.Problem(setting, complaint) : null;

    private string? LogFolder()
    {
        if (_options.LogFile is not { } file) return null;
        if (Directory.Exists(file)) return configuration.Problem(nameof(InferenceOptions.LogFile), "is a folder. Give the path of a file.");
        return Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file)))
            ? null
            : configuration.Problem(nameof(InferenceOptions.LogFile), "is in a folder that does not exist. Create the folder, or give another path.");
    }

    private string? DataFolder() => _options.DataDir is { } folder && File.Exists(folder)
        ? configuration.Problem(nameof(InferenceOptions.DataDir), "is a file. Give the path of a folder; it is created where it is missing.")
        : null;

    // A folder or a name that is not used is harmless; a promise that is not kept is not.
    private IEnumerable<string?> WithoutReceipts()
    {
        if (_options.Receipts != "off") yield break;
        const string Complaint = "has no receipts to act on: --receipts is off. Leave one of the two out.";
        if (_options.OnReceiptFailure == "refuse") yield return configuration.Problem(nameof(InferenceOptions.OnReceiptFailure), Complaint);
        if (_options.ReceiptRetention != Timeout.InfiniteTimeSpan) yield return configuration.Problem(nameof(InferenceOptions.ReceiptRetention), Complaint);
    }

    /// <summary>Whether both hosts may mean the same address of this machine.</summary>
    private static bool Overlap(string one, string other) => Addresses(one).Any(a => Addresses(other).Any(b => a.Equals(b)
        || a.Equals(IPAddress.IPv6Any) || b.Equals(IPAddress.IPv6Any)
        || (a.AddressFamily == b.AddressFamily && (a.Equals(IPAddress.Any) || b.Equals(IPAddress.Any)))));

    // A name that would have to be resolved overlaps nothing: the port in use is found when the engine starts.
    private static IPAddress[] Addresses(string host) => host == "localhost"
        ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
        : IPAddress.TryParse(host, out IPAddress? address) ? [address] : [];
}
