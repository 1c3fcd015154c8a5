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

    /// <summary>Shown to the engine with every request, where it wants a key.</summary>
    public string? BackendApiKey { get; init; }

    /// <summary>A file whose first line that is no comment is that key.</summary>
    public string? BackendApiKeyFile { get; init; }

    /// <summary>Whether the engine is shown a key of this server's, and never one of a client.</summary>
    public bool HasBackendKey => BackendApiKey is not null || BackendApiKeyFile is not null;

    /// <summary>What follows <c>--</c>: handed to the engine verbatim.</summary>
    public IReadOnlyList<string> BackendArguments { get; init; } = [];

    /// <summary><c>localhost</c> listens on 127.0.0.1 and ::1.</summary>
    public string ProxyHost { get; init; } = "localhost";

    public int ProxyPort { get; init; } = 8080;

    /// <summary>Keys that a client may present; none at all means that every client is served.</summary>
    public IReadOnlyList<string> ApiKey { get; init; } = [];

    /// <summary>A file of further keys, one per line.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Whether a client must present a key of this server's.</summary>
    public bool RequiresKey => ApiKey.Count > 0 || ApiKeyFile is not null;

    /// <summary>Origins of web pages that may call the API; empty is no cross-origin access.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Requests that the engine works on at the same time.</summary>
    public int MaxConcurrency { get; init; } = 256;

    /// <summary>Requests that may wait for their turn beyond those.</summary>
    public int MaxQueue { get; init; } = 1024;

    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public string? LogFile { get; init; }

    /// <summary>Size at which the log file is put aside and a new one begun.</summary>
    public long LogFileMaxBytes { get; init; } = 100 << 20;

    /// <summary>Log files that are kept, the present one included.</summary>
    public int LogFileCount { get; init; } = 5;

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

    /// <summary>Whether answers are meant to be deterministic.</summary>
    public bool Enforces => Determinism != "off";

    /// <summary>Whether what identifies an answer follows from the request, and its receipt is named by header only.</summary>
    public bool StableEnvelope { get; init; }

    /// <summary>"inline" puts the receipt into the answer, "reference" only its id; "off" issues none.</summary>
    public string Receipts { get; init; } = "inline";

    /// <summary>Folder of the signing key and of the log of receipts; null is <see cref="StateHome.Receipts"/>.</summary>
    public string? DataDir { get; init; }

    /// <summary>Name of the log; null is derived from its key.</summary>
    public string? LogOrigin { get; init; }

    /// <summary>What follows when a receipt can't be stored: "continue" answers without one, "refuse" does not answer.</summary>
    public string OnReceiptFailure { get; init; } = "continue";

    /// <summary>Receipts older than this are deleted; <see cref="Timeout.InfiniteTimeSpan"/> keeps all.</summary>
    public TimeSpan ReceiptRetention { get; init; } = Timeout.InfiniteTimeSpan;

    public long MaxRequestBytes { get; init; } = 32 << 20;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The engine's first byte must come after so long; <see cref="Timeout.InfiniteTimeSpan"/> is off.</summary>
    public TimeSpan FirstByteTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The engine's next byte must come after so long; <see cref="Timeout.InfiniteTimeSpan"/> is off.</summary>
    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>A streaming answer waits so long for the engine's own status before its headers go out.</summary>
    public TimeSpan StreamHeaderDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A stream that is silent for so long gets a comment; <see cref="Timeout.InfiniteTimeSpan"/> is off.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>After a stop was asked for, requests are still taken for so long, while readiness is already denied.</summary>
    public TimeSpan PreStopDelay { get; init; } = TimeSpan.Zero;

    /// <summary>In-flight requests may finish for so long after a stop was asked for.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The engine may take so long to end after SIGTERM.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An engine that shows no sign of life for so long hangs.</summary>
    public TimeSpan HangAfter { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>"report" or "restart".</summary>
    public string HangAction { get; init; } = "report";

    /// <summary>Crashes within <see cref="RestartWindow"/> after which the engine is started again.</summary>
    public int MaxRestarts { get; init; } = 5;

    public TimeSpan RestartWindow { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>Pause before the first restart; doubled with every further crash in the window.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause before a restart.</summary>
    public TimeSpan RestartDelayMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What follows too many crashes: "exit", or "stay" to answer 503 with the reason.</summary>
    public string OnFailed { get; init; } = "exit";

    /// <summary>"auto", "on" or "off".</summary>
    public string StopOnStdinEof { get; init; } = "auto";

    /// <summary>The name under which the model is listed.</summary>
    public string ModelName => ServedModelName
        ?? (ModelPath is null ? EngineHost.EngineOptions.BundledModel : Path.GetFileName(Path.TrimEndingDirectorySeparator(ModelPath)));
}
