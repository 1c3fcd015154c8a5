namespace DeterministicInference.Server.Configuration;

/// <summary>Every setting of <c>serve</c>, with its default; fixed for the life of the process. See docs/configuration.md.</summary>
internal sealed record InferenceOptions
{
    /// <summary>Folder or hub id of the model; null only where the backend needs none.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Name of the engine: a key of the backend registry.</summary>
    public string Backend { get; init; } = "sglang";

    public string BackendHost { get; init; } = "127.0.0.1";

    public int BackendPort { get; init; } = 30000;

    /// <summary>A running engine to attach to instead of launching one.</summary>
    public Uri? BackendUrl { get; init; }

    public TimeSpan BackendStartupTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Replaces the engine's executable.</summary>
    public string? BackendCommand { get; init; }

    /// <summary>What follows <c>--</c>: handed to the engine verbatim.</summary>
    public IReadOnlyList<string> BackendArguments { get; init; } = [];

    /// <summary><c>localhost</c> listens on 127.0.0.1 and ::1.</summary>
    public string ProxyHost { get; init; } = "localhost";

    public int ProxyPort { get; init; } = 8080;

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public string? LogFile { get; init; }

    public bool LogToConsole { get; init; } = true;

    /// <summary>"text" or "json".</summary>
    public string LogFormat { get; init; } = "text";

    /// <summary>What <c>/v1/models</c> lists; null is derived from the model's path.</summary>
    public string? ServedModelName { get; init; }

    /// <summary>Whether a request that names another model is refused.</summary>
    public bool StrictModel { get; init; }

    /// <summary>Pinned in requests that have none.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>"enforce" pins; "off" is a plain proxy.</summary>
    public string Determinism { get; init; } = "enforce";

    public long MaxRequestBytes { get; init; } = 32 << 20;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>In-flight requests may finish for so long after a stop was asked for.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The engine may take so long to end after SIGTERM.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>"auto", "on" or "off".</summary>
    public string StopOnStdinEof { get; init; } = "auto";

    /// <summary>The name under which the model is listed.</summary>
    public string ModelName => ServedModelName
        ?? (ModelPath is null ? EngineHost.EngineOptions.BundledModel : Path.GetFileName(Path.TrimEndingDirectorySeparator(ModelPath)));
}
