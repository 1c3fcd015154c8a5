using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// All settings of <c>serve</c> with their defaults; fixed for the life of the process. See docs/configuration.md.
/// </summary>
internal sealed record ServeOptions
{
    /// <summary>Folder name and served name of the bundled model.</summary>
    public const string BundledModel = "demo-chat-1m";

    /// <summary>The default settings.</summary>
    /// <param name="engines">The program's kinds of engines; the first one is the default.</param>
    public static ServeOptions DefaultsWith(IReadOnlyList<EngineChoice> engines) =>
        engines.Count == 0 ? new() : new() { Backend = engines[0].Name };

    /// <summary>Folder or hub id of the model; null only if the engine needs none.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Name of the engine's kind. Its default is in <see cref="DefaultsWith"/>.</summary>
    public string Backend { get; init; } = "";

    public string BackendHost { get; init; } = "127.0.0.1";

    public int BackendPort { get; init; } = 30000;

    /// <summary>
    /// Whether <c>--backend-host</c> or <c>--backend-port</c> was given, so that the engine listens there and nowhere
    /// else.
    /// </summary>
    public bool IsBackendAddressGiven { get; init; }

    /// <summary>A running engine to attach to instead of launching one.</summary>
    public Uri? BackendUrl { get; init; }

    public TimeSpan BackendStartupTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>Command that replaces the engine's executable.</summary>
    public string? BackendCommand { get; init; }

    /// <summary>The registers with which the embedded engine computes.</summary>
    public InstructionSet Instructions { get; init; }

    /// <summary>Key that is sent to the engine with every request.</summary>
    public string? BackendApiKey { get; init; }

    /// <summary>File with that key on its first line that is not a comment.</summary>
    public string? BackendApiKeyFile { get; init; }

    /// <summary>Arguments after <c>--</c>, passed to the engine unchanged.</summary>
    public IReadOnlyList<string> BackendArguments { get; init; } = [];

    /// <summary><c>localhost</c> listens on 127.0.0.1 and ::1.</summary>
    public string ProxyHost { get; init; } = "localhost";

    public int ProxyPort { get; init; } = 8080;

    /// <summary>Keys of which a client must present one; empty means that no key is required.</summary>
    public IReadOnlyList<string> ApiKey { get; init; } = [];

    /// <summary>File of further keys, one per line.</summary>
    public string? ApiKeyFile { get; init; }

    /// <summary>Whether clients must present a key.</summary>
    public bool RequiresKey => ApiKey.Count > 0 || ApiKeyFile is not null;

    /// <summary>Origins of web pages that may call the API; if empty, cross-origin access is not allowed.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Requests that the engine works on at the same time.</summary>
    public int MaxConcurrency { get; init; } = 256;

    /// <summary>Requests that may wait in the queue.</summary>
    public int MaxQueue { get; init; } = 1024;

    public TimeSpan QueueTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public string? LogFile { get; init; }

    /// <summary>Size at which the log file is rotated.</summary>
    public long LogFileMaxBytes { get; init; } = 100 << 20;

    /// <summary>Log files to keep, including the current one.</summary>
    public int LogFileCount { get; init; } = 5;

    public bool LogToConsole { get; init; } = true;

    public LogFormat LogFormat { get; init; } = LogFormat.Text;

    /// <summary>
    /// The name for a launched engine's model, and of an attached engine's models the one that requests get which name
    /// none of them; null derives it from the model's path, or takes the first.
    /// </summary>
    public string? ServedModelName { get; init; }

    /// <summary>Whether a request that names a model which the engine does not list is refused.</summary>
    public bool StrictModel { get; init; }

    /// <summary>Seed of requests that have none.</summary>
    public SeedSetting Seed { get; init; } = 42;

    public DeterminismMode Determinism { get; init; } = DeterminismMode.Enforce;

    /// <summary>Whether determinism is enforced.</summary>
    public bool Enforces => Determinism != DeterminismMode.Off;

    /// <summary>Whether engines are launched on the slow safe side.</summary>
    public bool IsStrict => Determinism == DeterminismMode.Strict;

    /// <summary>
    /// Whether ids and times in answers are derived from the request, and the receipt is named in the header only.
    /// </summary>
    public bool StableEnvelope { get; init; }

    /// <summary>Whether answers have receipts.</summary>
    public bool HasReceipts => Receipts != ReceiptMode.Off;

    /// <summary>How answers carry receipts.</summary>
    public ReceiptMode Receipts { get; init; } = ReceiptMode.Inline;

    /// <summary>Folder of the signing key and the receipt log; null is <see cref="StatePaths.Receipts"/>.</summary>
    public string? DataDir { get; init; }

    /// <summary>Name of the log, to which a random part is added; null for the default.</summary>
    public string? LogOrigin { get; init; }

    /// <summary>The program that signs for the log, and its arguments; empty for a key in the folder.</summary>
    public IReadOnlyList<string> SignerCommand { get; init; } = [];

    /// <summary>Whether the log of receipts needs no API key.</summary>
    public bool PublicLog { get; init; }

    /// <summary>Who may fetch a receipt by its id.</summary>
    public ReceiptVisibility ReceiptsVisible { get; init; } = ReceiptVisibility.Own;

    /// <summary>File with the policy of witnesses of the log (C2SP tlog-policy); null for no witnesses.</summary>
    public string? WitnessPolicy { get; init; }

    public WitnessMode WitnessMode { get; init; } = WitnessMode.Background;

    /// <summary>
    /// Longest time of a request to a witness and, with <see cref="WitnessMode.Wait"/>, of an answer's wait.
    /// </summary>
    public TimeSpan WitnessTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public ReceiptFailureAction OnReceiptFailure { get; init; } = ReceiptFailureAction.Continue;

    /// <summary>Receipts older than this are deleted; <see cref="Timeout.InfiniteTimeSpan"/> keeps all.</summary>
    public TimeSpan ReceiptRetention { get; init; } = Timeout.InfiniteTimeSpan;

    public long MaxRequestBytes { get; init; } = 32 << 20;

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Time within which the engine's first byte must come; <see cref="Timeout.InfiniteTimeSpan"/> is off.
    /// </summary>
    public TimeSpan FirstByteTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// Time within which the engine's next byte must come; <see cref="Timeout.InfiniteTimeSpan"/> is off.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>How long a stream waits for the engine's status before its headers are sent.</summary>
    public TimeSpan StreamHeaderDelay { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Silence after which a stream gets a comment; <see cref="Timeout.InfiniteTimeSpan"/> is off.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Time without an answer after which a client that waits for JSON gets white space;
    /// <see cref="Timeout.InfiniteTimeSpan"/> is off.
    /// </summary>
    public TimeSpan JsonHeartbeat { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// How long a client may read nothing of its stream, which holds a slot of the engine, before it is disconnected.
    /// </summary>
    public TimeSpan SlowReaderTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time within which a client must send the headers of a request.</summary>
    public TimeSpan RequestHeadersTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long requests are still accepted after a stop request, while readiness is already denied.</summary>
    public TimeSpan PreStopDelay { get; init; } = TimeSpan.Zero;

    /// <summary>How long requests in flight may continue after a stop request.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the engine may take to end after SIGTERM.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time without a sign of life after which an engine counts as hanging.</summary>
    public TimeSpan HangAfter { get; init; } = TimeSpan.FromSeconds(300);

    public HangAction HangAction { get; init; } = HangAction.Report;

    /// <summary>Crashes within <see cref="RestartWindow"/> after which the engine is still restarted.</summary>
    public int MaxRestarts { get; init; } = 5;

    public TimeSpan RestartWindow { get; init; } = TimeSpan.FromSeconds(600);

    /// <summary>Delay before the first restart; it doubles with every further crash in the window.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest delay before a restart.</summary>
    public TimeSpan RestartDelayMax { get; init; } = TimeSpan.FromSeconds(30);

    public FailedAction OnFailed { get; init; } = FailedAction.Exit;

    public StdinEofMode StopOnStdinEof { get; init; } = StdinEofMode.Auto;

    /// <summary>The name that a launched engine is told; an attached one has a name of its own.</summary>
    public string ModelName => ServedModelName ?? (ModelPath is null ? BundledModel : ModelNameOf.Location(ModelPath));
}
