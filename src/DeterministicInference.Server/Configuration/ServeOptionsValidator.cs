using System.Net;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Checks conditions between several settings, and between a setting and the machine. Values that are invalid by
/// themselves are skipped.
/// </summary>
internal sealed class ServeOptionsValidator(ResolvedConfiguration configuration, IReadOnlyList<EngineChoice> engines)
{
    private readonly ServeOptions _options = configuration.Options;
    private readonly ServeKeys _keys = configuration.Keys;

    private bool AttachesByUrl =>
        _options.BackendUrl is not null || !configuration.IsGood(nameof(ServeOptions.BackendUrl));

    public IEnumerable<string> Problems()
    {
        EngineChoice? backend = engines.FirstOrDefault(choice => choice.Name == _options.Backend);
        IEnumerable<string?> found =
        [
            backend is null ? UnknownBackend() : null,
            // What these miss or presume, the file or the unknown flag may have said.
            .. !configuration.IsComplete ? (string?[])[]
            : backend is null ? [Seed(backend)]
            : [Model(backend), Attachment(backend), Seed(backend)],
            ModelName(),
            .. WithoutEffect(),
            Restart(),
            Ports(),
            Loop(),
            LogFolder(),
            DataFolder(),
            Home(),
            .. WithoutReceipts(),
            Witnesses(),
            .. _keys.Problems.Select(problem => configuration.Problem(problem.Setting, problem.Complaint)),
        ];
        return found.OfType<string>();
    }

    public IEnumerable<string> Warnings() =>
        _keys.Warnings.Select(warning => configuration.Problem(warning.Setting, warning.Complaint));

    private string? UnknownBackend()
    {
        string[] names = [.. engines.Select(choice => choice.Name)];
        return !configuration.IsGood(nameof(ServeOptions.Backend))
            ? null
            : configuration.Problem(
                nameof(ServeOptions.Backend),
                $"is not a known engine.{NearestName.Hint(_options.Backend, names)} Give "
                    + $"{EngineChoice.List(names, "or")}."
            );
    }

    private string? Model(EngineChoice backend)
    {
        if (
            !backend.NeedsModelPath
            || _options.ModelPath is not null
            || !configuration.IsGood(nameof(ServeOptions.ModelPath))
            || AttachesByUrl
        )
            return null;
        string? bundled = engines.FirstOrDefault(choice => choice is { CanLaunch: true, NeedsModelPath: false })?.Name;
        return bundled is null
            ? "--model-path: no model. Pass --model-path, or set INFERENCE_MODEL_PATH."
            : "--model-path: no model. Pass --model-path, set INFERENCE_MODEL_PATH, or use the bundled one with "
                + $"--backend {bundled}.";
    }

    /// <summary>A request that names the model to the engine pins the name, and a receipt has no longer pin.</summary>
    private string? ModelName()
    {
        string name = _options.ModelName;
        if (JsonText.QuoteBytes(name).Length <= RequestPins.MaxBytes)
            return null;
        string complaint = $"is longer than {RequestPins.MaxBytes} bytes as JSON. Give a shorter --served-model-name.";
        return configuration.Problem(
            _options.ServedModelName is null ? nameof(ServeOptions.ModelPath) : nameof(ServeOptions.ServedModelName),
            _options.ServedModelName is null ? $"has a last part that {complaint}" : complaint
        );
    }

    private string? Attachment(EngineChoice backend) =>
        backend.CanLaunch || AttachesByUrl
            ? null
            : "--backend-url: no engine to attach to. Pass --backend-url http://HOST:PORT, set "
                + "INFERENCE_BACKEND_URL, "
                + "or choose a --backend that is launched.";

    /// <summary>Settings of a launch, or of another engine, which would have no effect.</summary>
    private IEnumerable<string?> WithoutEffect()
    {
        IEnumerable<(string Key, string? Engine)> ofLaunch =
        [
            (nameof(ServeOptions.BackendArguments), null),
            (nameof(ServeOptions.BackendCommand), null),
            .. engines.SelectMany(engine => engine.OwnSettings.Select(key => (key, (string?)engine.Name))),
        ];
        foreach ((string key, string? engine) in ofLaunch.Where(setting => configuration.HasEffect(setting.Key)))
        {
            if (engine is not null && engine != _options.Backend)
                yield return configuration.Problem(
                    key,
                    $"applies to --backend {engine} only. Leave it out, or choose that engine."
                );
            else if (AttachesByUrl)
                yield return configuration.Problem(
                    key,
                    "has no effect: with --backend-url no engine is launched. Remove one of them."
                );
        }
    }

    private string? Seed(EngineChoice? backend)
    {
        (long least, long most) = backend?.Seeds ?? (long.MinValue, long.MaxValue);
        return
            !_options.Enforces || _options.Seed.Number is not { } seed || (seed != -1 && seed >= least && seed <= most)
            ? null
            : configuration.Problem(
                nameof(ServeOptions.Seed),
                $"is outside the engine's range of seeds. Give a number from {Math.Max(0, least)} to {most}."
            );
    }

    private string? Restart() =>
        _options.HangAction == HangAction.Restart && AttachesByUrl
            ? configuration.Problem(
                nameof(ServeOptions.HangAction),
                "can't restart an engine that --backend-url attaches to. Remove one of them."
            )
            : null;

    // An engine whose address nobody names listens on a Unix socket, or takes another port where its own is taken.
    private string? Ports() =>
        !AttachesByUrl
        && _options.IsBackendAddressGiven
        && PortsAreGood()
        && _options.BackendPort == _options.ProxyPort
        && Overlap(_options.ProxyHost, _options.BackendHost)
            ? configuration.Problem(
                nameof(ServeOptions.ProxyPort),
                "is also the engine's port. Give another --proxy-port or --backend-port."
            )
            : null;

    private bool PortsAreGood() =>
        (
            (string[])
                [
                    nameof(ServeOptions.ProxyHost),
                    nameof(ServeOptions.ProxyPort),
                    nameof(ServeOptions.BackendHost),
                    nameof(ServeOptions.BackendPort),
                ]
        ).All(configuration.IsGood);

    // Only on this machine: the same port on another machine is no conflict.
    private string? Loop() =>
        _options.BackendUrl is { } url
        && PortsAreGood()
        && url.Port == _options.ProxyPort
        && (url.IsLoopback || url.IdnHost == _options.ProxyHost)
        && Overlap(_options.ProxyHost, url.IdnHost)
            ? configuration.Problem(
                nameof(ServeOptions.BackendUrl),
                "is this server's own address. Give the engine's, or another --proxy-port."
            )
            : null;

    private string? LogFolder()
    {
        if (_options.LogFile is not { } file)
            return null;
        if (Directory.Exists(file))
            return configuration.Problem(nameof(ServeOptions.LogFile), "is a folder. Give the path of a file.");
        return Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file)))
            ? null
            : configuration.Problem(
                nameof(ServeOptions.LogFile),
                "is in a folder that does not exist. Create the folder, or give another path."
            );
    }

    private string? DataFolder() =>
        _options.DataDir is { } folder && File.Exists(folder)
            ? configuration.Problem(
                nameof(ServeOptions.DataDir),
                "is a file. Give the path of a folder; it is created where it is missing."
            )
            : null;

    private string? Home() =>
        _options.HasReceipts && _options.DataDir is null && !StatePaths.HasHome
            ? "--data-dir: no folder for receipts, as this user has no home. Pass --data-dir, set XDG_STATE_HOME, or "
                + "pass --receipts off."
            : null;

    // An unused folder or name is harmless; a promise that is not kept is not.
    private IEnumerable<string?> WithoutReceipts()
    {
        if (_options.HasReceipts)
            yield break;
        const string Complaint = "has no effect: --receipts is off. Remove one of them.";
        if (_options.OnReceiptFailure == ReceiptFailureAction.Refuse)
            yield return configuration.Problem(nameof(ServeOptions.OnReceiptFailure), Complaint);
        if (_options.ReceiptRetention != Timeout.InfiniteTimeSpan)
            yield return configuration.Problem(nameof(ServeOptions.ReceiptRetention), Complaint);
    }

    private string? Witnesses()
    {
        if (_options.WitnessPolicy is not { } file)
        {
            return _options.WitnessMode == WitnessMode.Wait && configuration.IsGood(nameof(ServeOptions.WitnessPolicy))
                ? configuration.Problem(
                    nameof(ServeOptions.WitnessMode),
                    "waits for nobody: no --witness-policy names witnesses. Give one, or background."
                )
                : null;
        }
        if (!_options.HasReceipts)
        {
            return configuration.Problem(
                nameof(ServeOptions.WitnessPolicy),
                "has no effect: --receipts is off. Remove one of them."
            );
        }
        try
        {
            return WitnessPolicyFile.FindProblem(WitnessPolicyFile.Read(file)) is { } problem
                ? configuration.Problem(nameof(ServeOptions.WitnessPolicy), problem)
                : null;
        }
        catch (IOException e)
        {
            return configuration.Problem(nameof(ServeOptions.WitnessPolicy), e.Message);
        }
    }

    /// <summary>Whether both hosts may mean the same address of this machine.</summary>
    private static bool Overlap(string one, string other) =>
        Addresses(one)
            .Any(a =>
                Addresses(other)
                    .Any(b =>
                        a.Equals(b)
                        || a.Equals(IPAddress.IPv6Any)
                        || b.Equals(IPAddress.IPv6Any)
                        || (a.AddressFamily == b.AddressFamily && (a.Equals(IPAddress.Any) || b.Equals(IPAddress.Any)))
                    )
            );

    // A name that needs resolving counts as no overlap: a port in use is found when the engine starts.
    private static IPAddress[] Addresses(string host) =>
        host == "localhost" ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
        : IPAddress.TryParse(host, out IPAddress? address) ? [address]
        : [];
}
