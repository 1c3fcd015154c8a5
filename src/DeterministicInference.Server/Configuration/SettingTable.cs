using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// All settings of <c>serve</c>. A new setting is a property of <see cref="ServeOptions"/>, a row here and a line in
/// docs/configuration.md: flags, variables, keys of the file, <c>--help</c> and <c>--print-config</c> follow.
/// </summary>
internal static class SettingTable
{
    private static readonly TextValue Text = new("TEXT"),
        File = new("FILE");
    private static readonly DurationValue Duration = new(allowsZero: false),
        DurationOrZero = new(allowsZero: true),
        DurationOrOff = new(allowsZero: false, allowsOff: true);
    private static readonly BooleanValue Boolean = new();

    /// <summary>The settings, in the order of help, <c>--print-config</c> and the documentation.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        new TypedSetting<string>(
            nameof(ServeOptions.ModelPath),
            new TextValue("PATH"),
            o => o.ModelPath,
            (o, v) => o with { ModelPath = v },
            "Folder of the model, or its name on the model hub."
        )
        {
            FlagAliases = ["--model"],
        },
        new TypedSetting<string>(
            nameof(ServeOptions.ServedModelName),
            Text,
            o => o.ServedModelName,
            (o, v) => o with { ServedModelName = v },
            "Name that a launched engine serves its model under. Default: the last part of the model's path."
        ),
        new TypedSetting<bool>(
            nameof(ServeOptions.StrictModel),
            Boolean,
            o => o.StrictModel,
            (o, v) => o with { StrictModel = v },
            "Refuse requests that name a model which the engine does not list."
        ),
        new TypedSetting<string>(
            nameof(ServeOptions.Backend),
            new TextValue("NAME"),
            o => o.Backend,
            (o, v) => o with { Backend = v.Trim().ToLowerInvariant() },
            "The engine"
        )
        {
            Engines = engines => $": {EngineChoice.Describe(engines, name => name)}.",
        },
        new TypedSetting<string>(
            nameof(ServeOptions.BackendHost),
            new HostValue(allowsNames: true),
            o => o.BackendHost,
            (o, v) => o with { BackendHost = v },
            "Address on which the launched engine listens."
        ),
        new TypedSetting<int>(
            nameof(ServeOptions.BackendPort),
            new WholeNumberValue<int>("PORT", 1, 65535),
            o => o.BackendPort,
            (o, v) => o with { BackendPort = v },
            "Port on which the launched engine listens."
        ),
        new TypedSetting<Uri>(
            nameof(ServeOptions.BackendUrl),
            new UrlValue(),
            o => o.BackendUrl,
            (o, v) => o with { BackendUrl = v },
            "A running engine to attach to, instead of launching one."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.BackendStartupTimeout),
            Duration,
            o => o.BackendStartupTimeout,
            (o, v) => o with { BackendStartupTimeout = v },
            "Time within which the engine must be ready."
        )
        {
            FlagAliases = ["--timeout"],
            VariableAliases = ["INFERENCE_STARTUP_TIMEOUT"],
        },
        new TypedSetting<string>(
            nameof(ServeOptions.BackendCommand),
            new TextValue("PROGRAM"),
            o => o.BackendCommand,
            (o, v) => o with { BackendCommand = v },
            "Replaces the engine's executable, such as the python3 of a virtual environment."
        ),
        new TypedSetting<string>(
            nameof(ServeOptions.BackendApiKey),
            new SecretTextValue("KEY"),
            o => o.BackendApiKey,
            (o, v) => o with { BackendApiKey = v },
            "Key that the engine requires. Prefer a file or the variable: other users can see command lines."
        ),
        new TypedSetting<string>(
            nameof(ServeOptions.BackendApiKeyFile),
            File,
            o => o.BackendApiKeyFile,
            (o, v) => o with { BackendApiKeyFile = v },
            "File with the key that the engine requires."
        ),
        new TypedSetting<IReadOnlyList<string>>(
            nameof(ServeOptions.BackendArguments),
            new WordsValue("ARGUMENTS"),
            o => o.BackendArguments,
            (o, v) => o with { BackendArguments = v },
            "Everything after it is passed to the launched engine unchanged."
        )
        {
            Flag = "--",
        },
        new TypedSetting<string>(
            nameof(ServeOptions.ProxyHost),
            new HostValue(allowsNames: false),
            o => o.ProxyHost,
            (o, v) => o with { ProxyHost = v },
            "Address to listen on. localhost is 127.0.0.1 and ::1, 0.0.0.0 every IPv4 address of the machine."
        ),
        new TypedSetting<int>(
            nameof(ServeOptions.ProxyPort),
            new WholeNumberValue<int>("PORT", 0, 65535),
            o => o.ProxyPort,
            (o, v) => o with { ProxyPort = v },
            "Port to listen on; 0 picks a free one, which is logged."
        )
        {
            FlagAliases = ["--port"],
            VariableAliases = ["INFERENCE_PORT"],
        },
        new TypedSetting<long>(
            nameof(ServeOptions.MaxRequestBytes),
            new SizeValue(),
            o => o.MaxRequestBytes,
            (o, v) => o with { MaxRequestBytes = v },
            "Largest request body."
        ),
        new TypedSetting<IReadOnlyList<string>>(
            nameof(ServeOptions.ApiKey),
            new SecretWordsValue(),
            o => o.ApiKey,
            (o, v) => o with { ApiKey = v },
            "Keys, one of which a client must present. Prefer a file or the variable: other users can see "
                + "command lines."
        ),
        new TypedSetting<string>(
            nameof(ServeOptions.ApiKeyFile),
            File,
            o => o.ApiKeyFile,
            (o, v) => o with { ApiKeyFile = v },
            "File of keys, one per line: KEY, or LABEL KEY. Labels appear in the log."
        ),
        new TypedSetting<IReadOnlyList<string>>(
            nameof(ServeOptions.CorsOrigins),
            new OriginsValue(),
            o => o.CorsOrigins,
            (o, v) => o with { CorsOrigins = v },
            "Web pages of these origins may call the API; * is every origin."
        ),
        new TypedSetting<int>(
            nameof(ServeOptions.MaxConcurrency),
            new WholeNumberValue<int>("NUMBER", 1, 1_000_000),
            o => o.MaxConcurrency,
            (o, v) => o with { MaxConcurrency = v },
            "Requests that the engine works on at the same time."
        ),
        new TypedSetting<int>(
            nameof(ServeOptions.MaxQueue),
            new WholeNumberValue<int>("NUMBER", 0, 1_000_000),
            o => o.MaxQueue,
            (o, v) => o with { MaxQueue = v },
            "Requests that may wait in the queue; further ones get 429."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.QueueTimeout),
            Duration,
            o => o.QueueTimeout,
            (o, v) => o with { QueueTimeout = v },
            "Longest wait in the queue; then the request gets 429."
        ),
        new TypedSetting<DeterminismMode>(
            nameof(ServeOptions.Determinism),
            new ChoiceValue<DeterminismMode>(),
            o => o.Determinism,
            (o, v) => o with { Determinism = v },
            "enforce pins what could make an answer vary; strict also launches engines without reuse of computed "
                + "prefixes; off is a plain proxy."
        ),
        new TypedSetting<SeedSetting>(
            nameof(ServeOptions.Seed),
            new SeedValue(),
            o => o.Seed,
            (o, v) => o with { Seed = v },
            "Seed of requests that have none; random draws one for each request."
        ),
        new TypedSetting<bool>(
            nameof(ServeOptions.StableEnvelope),
            Boolean,
            o => o.StableEnvelope,
            (o, v) => o with { StableEnvelope = v },
            "Derive an answer's id and time from the request and name the receipt only in the header, so that "
                + "whole bodies repeat."
        ),
        new TypedSetting<ReceiptMode>(
            nameof(ServeOptions.Receipts),
            new ChoiceValue<ReceiptMode>(),
            o => o.Receipts,
            (o, v) => o with { Receipts = v },
            "inline puts a signed receipt into each answer, reference only its id; off issues none."
        ),
        new TypedSetting<string>(
            nameof(ServeOptions.DataDir),
            new TextValue("FOLDER"),
            o => o.DataDir,
            (o, v) => o with { DataDir = v },
            "Folder of the receipt log and its signing key. Default: deterministic-inference/receipts in "
                + "$XDG_STATE_HOME or ~/.local/state."
        ),
        new TypedSetting<string>(
            nameof(ServeOptions.LogOrigin),
            new LogOriginValue(),
            o => o.LogOrigin,
            (o, v) => o with { LogOrigin = v },
            "Name of the log, fixed when the log is created. A random part is added to it. Default: "
                + "deterministic-inference.local."
        ),
        new TypedSetting<IReadOnlyList<string>>(
            nameof(ServeOptions.SignerCommand),
            new CommandValue(),
            o => o.SignerCommand,
            (o, v) => o with { SignerCommand = v },
            "Program that has the log's key and signs, and its arguments: words between spaces, or a JSON array. "
                + "Default: a key in --data-dir."
        ),
        new TypedSetting<bool>(
            nameof(ServeOptions.PublicLog),
            Boolean,
            o => o.PublicLog,
            (o, v) => o with { PublicLog = v },
            "Serve the logs (/v1/logs, /v1/log, /v1/receipts/key) without an API key, for monitors and witnesses."
        ),
        new TypedSetting<ReceiptVisibility>(
            nameof(ServeOptions.ReceiptsVisible),
            new ChoiceValue<ReceiptVisibility>(),
            o => o.ReceiptsVisible,
            (o, v) => o with { ReceiptsVisible = v },
            "Who may fetch a receipt by its id: own (the API key that it was issued to) or all (every API key)."
        ),
        new TypedSetting<string>(
            nameof(ServeOptions.WitnessPolicy),
            File,
            o => o.WitnessPolicy,
            (o, v) => o with { WitnessPolicy = v },
            "Policy of the log's witnesses (C2SP tlog-policy): who they are, their addresses, and how many must cosign."
        ),
        new TypedSetting<WitnessMode>(
            nameof(ServeOptions.WitnessMode),
            new ChoiceValue<WitnessMode>(),
            o => o.WitnessMode,
            (o, v) => o with { WitnessMode = v },
            "background has witnesses cosign beside the answers; wait sends an answer only once a quorum has cosigned."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.WitnessTimeout),
            Duration,
            o => o.WitnessTimeout,
            (o, v) => o with { WitnessTimeout = v },
            "Longest wait for a witness; with --witness-mode wait, for a quorum of them too."
        ),
        new TypedSetting<ReceiptFailureAction>(
            nameof(ServeOptions.OnReceiptFailure),
            new ChoiceValue<ReceiptFailureAction>(),
            o => o.OnReceiptFailure,
            (o, v) => o with { OnReceiptFailure = v },
            "When a receipt can't be stored, or witnessed in time: continue (answer without it) or refuse (answer 503)."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.ReceiptRetention),
            new DurationValue(allowsZero: false, allowsOff: true, longestHours: 24 * 3650),
            o => o.ReceiptRetention,
            (o, v) => o with { ReceiptRetention = v },
            "Age at which receipts and their salts are deleted, or off; the log stays."
        ),
        new TypedSetting<LogLevel>(
            nameof(ServeOptions.LogLevel),
            new LogLevelValue(),
            o => o.LogLevel,
            (o, v) => o with { LogLevel = v },
            $"{LogLevelNames.All}."
        )
        {
            Shorthand = ("--debug", LogLevelNames.Of(LogLevel.Debug)),
        },
        new TypedSetting<string>(
            nameof(ServeOptions.LogFile),
            File,
            o => o.LogFile,
            (o, v) => o with { LogFile = v },
            "File to which the log is appended."
        ),
        new TypedSetting<long>(
            nameof(ServeOptions.LogFileMaxBytes),
            new SizeValue(),
            o => o.LogFileMaxBytes,
            (o, v) => o with { LogFileMaxBytes = v },
            "Size at which the log file is renamed to FILE.1 and a new one started."
        ),
        new TypedSetting<int>(
            nameof(ServeOptions.LogFileCount),
            new WholeNumberValue<int>("NUMBER", 1, 1000),
            o => o.LogFileCount,
            (o, v) => o with { LogFileCount = v },
            "Log files to keep, including the current one."
        ),
        new TypedSetting<bool>(
            nameof(ServeOptions.LogToConsole),
            Boolean,
            o => o.LogToConsole,
            (o, v) => o with { LogToConsole = v },
            "Whether the log goes to standard output."
        ),
        new TypedSetting<LogFormat>(
            nameof(ServeOptions.LogFormat),
            new ChoiceValue<LogFormat>(),
            o => o.LogFormat,
            (o, v) => o with { LogFormat = v },
            "text or json."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.ConnectTimeout),
            Duration,
            o => o.ConnectTimeout,
            (o, v) => o with { ConnectTimeout = v },
            "Time within which a connection to the engine must be established."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.FirstByteTimeout),
            DurationOrOff,
            o => o.FirstByteTimeout,
            (o, v) => o with { FirstByteTimeout = v },
            "Time within which the engine must begin to answer, or off."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.IdleTimeout),
            DurationOrOff,
            o => o.IdleTimeout,
            (o, v) => o with { IdleTimeout = v },
            "Longest pause of the engine within an answer, or off."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.StreamHeaderDelay),
            DurationOrZero,
            o => o.StreamHeaderDelay,
            (o, v) => o with { StreamHeaderDelay = v },
            "How long a stream waits for the engine's status before 200 is sent."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.KeepAliveInterval),
            DurationOrOff,
            o => o.KeepAliveInterval,
            (o, v) => o with { KeepAliveInterval = v },
            "Silence after which a stream gets a comment line, or off."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.JsonHeartbeat),
            DurationOrOff,
            o => o.JsonHeartbeat,
            (o, v) => o with { JsonHeartbeat = v },
            "Time after which a JSON answer that is not there yet begins with status 200 and white space, or off."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.SlowReaderTimeout),
            Duration,
            o => o.SlowReaderTimeout,
            (o, v) => o with { SlowReaderTimeout = v },
            "How long a client may read nothing of its stream before it is disconnected."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.RequestHeadersTimeout),
            Duration,
            o => o.RequestHeadersTimeout,
            (o, v) => o with { RequestHeadersTimeout = v },
            "Time within which a client must send the headers of a request."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.HangAfter),
            Duration,
            o => o.HangAfter,
            (o, v) => o with { HangAfter = v },
            "Time without a byte and without a passed probe after which an engine counts as hanging."
        ),
        new TypedSetting<HangAction>(
            nameof(ServeOptions.HangAction),
            new ChoiceValue<HangAction>(),
            o => o.HangAction,
            (o, v) => o with { HangAction = v },
            "report a hanging engine, or restart it."
        ),
        new TypedSetting<int>(
            nameof(ServeOptions.MaxRestarts),
            new WholeNumberValue<int>("NUMBER", 0, 1_000_000),
            o => o.MaxRestarts,
            (o, v) => o with { MaxRestarts = v },
            "How often a crashed engine is restarted within --restart-window."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.RestartWindow),
            Duration,
            o => o.RestartWindow,
            (o, v) => o with { RestartWindow = v },
            "Time after which a crash no longer counts."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.RestartDelay),
            DurationOrZero,
            o => o.RestartDelay,
            (o, v) => o with { RestartDelay = v },
            "Delay before the first restart; it doubles with every further crash in the window."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.RestartDelayMax),
            DurationOrZero,
            o => o.RestartDelayMax,
            (o, v) => o with { RestartDelayMax = v },
            "Longest delay before a restart."
        ),
        new TypedSetting<FailedAction>(
            nameof(ServeOptions.OnFailed),
            new ChoiceValue<FailedAction>(),
            o => o.OnFailed,
            (o, v) => o with { OnFailed = v },
            "After too many crashes exit with code 1, or stay and answer 503 with the reason."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.PreStopDelay),
            DurationOrZero,
            o => o.PreStopDelay,
            (o, v) => o with { PreStopDelay = v },
            "When stopping, how long requests are still accepted while /readyz already says 503."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.DrainTimeout),
            DurationOrZero,
            o => o.DrainTimeout,
            (o, v) => o with { DrainTimeout = v },
            "When stopping, how long requests in flight may continue."
        ),
        new TypedSetting<TimeSpan>(
            nameof(ServeOptions.StopTimeout),
            DurationOrZero,
            o => o.StopTimeout,
            (o, v) => o with { StopTimeout = v },
            "How long the engine may take to end after SIGTERM before it is killed."
        ),
        new TypedSetting<StdinEofMode>(
            nameof(ServeOptions.StopOnStdinEof),
            new ChoiceValue<StdinEofMode>(),
            o => o.StopOnStdinEof,
            (o, v) => o with { StopOnStdinEof = v },
            "Stop at the end of standard input. auto: only if it is a pipe or socket that was open at start."
        ),
    ];

    public static Setting Of(string key) => All.First(setting => setting.Key == key);
}
