using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Configuration;

/// <summary>Every setting of <c>serve</c>. A row here is all that a new setting needs, besides its line in docs/configuration.md.</summary>
internal static class SettingTable
{
    private static readonly TextValue Text = new("TEXT"), File = new("FILE");
    private static readonly DurationValue Duration = new(allowsZero: false), DurationOrZero = new(allowsZero: true), DurationOrOff = new(allowsZero: false, allowsOff: true);
    private static readonly BooleanValue Boolean = new();

    /// <summary>In the order of help, of <c>--print-config</c> and of the documentation.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        new TypedSetting<string>(nameof(InferenceOptions.ModelPath), new TextValue("PATH"), o => o.ModelPath, (o, v) => o with { ModelPath = v },
            "Folder of the model, or its name on the model hub.") { FlagAliases = ["--model"] },
        new TypedSetting<string>(nameof(InferenceOptions.ServedModelName), Text, o => o.ServedModelName, (o, v) => o with { ServedModelName = v },
            "Name in /v1/models. Without it: the last part of the model's path."),
        new TypedSetting<bool>(nameof(InferenceOptions.StrictModel), Boolean, o => o.StrictModel, (o, v) => o with { StrictModel = v },
            "Refuse requests that name another model."),

        new TypedSetting<string>(nameof(InferenceOptions.Backend), new TextValue("NAME"), o => o.Backend, (o, v) => o with { Backend = v.Trim().ToLowerInvariant() },
            "The engine: sglang, embedded, or external (attach to --backend-url)."),
        new TypedSetting<string>(nameof(InferenceOptions.BackendHost), new HostValue(allowsNames: true), o => o.BackendHost, (o, v) => o with { BackendHost = v },
            "Address on which the launched engine listens."),
        new TypedSetting<int>(nameof(InferenceOptions.BackendPort), new WholeNumberValue<int>("PORT", 1, 65535), o => o.BackendPort, (o, v) => o with { BackendPort = v },
            "Port on which the launched engine listens."),
        new TypedSetting<Uri>(nameof(InferenceOptions.BackendUrl), new UrlValue(), o => o.BackendUrl, (o, v) => o with { BackendUrl = v },
            "A running engine to attach to, instead of launching one."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.BackendStartupTimeout), Duration, o => o.BackendStartupTimeout, (o, v) => o with { BackendStartupTimeout = v },
            "The engine must be ready after so long.") { FlagAliases = ["--timeout"], VariableAliases = ["INFERENCE_STARTUP_TIMEOUT"] },
        new TypedSetting<string>(nameof(InferenceOptions.BackendCommand), new TextValue("PROGRAM"), o => o.BackendCommand, (o, v) => o with { BackendCommand = v },
            "Replaces the engine's executable, such as the python3 of a virtual environment."),
        new TypedSetting<IReadOnlyList<string>>(nameof(InferenceOptions.BackendArguments), new WordsValue("ARGUMENTS"), o => o.BackendArguments, (o, v) => o with { BackendArguments = v },
            "Everything after it goes to the launched engine as it is.") { Flag = "--" },

        new TypedSetting<string>(nameof(InferenceOptions.ProxyHost), new HostValue(allowsNames: false), o => o.ProxyHost, (o, v) => o with { ProxyHost = v },
            "Address to listen on. localhost is 127.0.0.1 and ::1, 0.0.0.0 every IPv4 address of the machine."),
        new TypedSetting<int>(nameof(InferenceOptions.ProxyPort), new WholeNumberValue<int>("PORT", 0, 65535), o => o.ProxyPort, (o, v) => o with { ProxyPort = v },
            "Port to listen on; 0 takes a free one, which the log names.") { FlagAliases = ["--port"], VariableAliases = ["INFERENCE_PORT"] },
        new TypedSetting<long>(nameof(InferenceOptions.MaxRequestBytes), new SizeValue(), o => o.MaxRequestBytes, (o, v) => o with { MaxRequestBytes = v },
            "Largest request body."),
        new TypedSetting<IReadOnlyList<string>>(nameof(InferenceOptions.ApiKey), new SecretWordsValue(), o => o.ApiKey, (o, v) => o with { ApiKey = v },
            "Keys, one of which a client must present. Better in a file or the variable: a command line is visible."),
        new TypedSetting<string>(nameof(InferenceOptions.ApiKeyFile), File, o => o.ApiKeyFile, (o, v) => o with { ApiKeyFile = v },
            "File of keys, one per line: KEY, or LABEL KEY. Labels stand in the log."),
        new TypedSetting<IReadOnlyList<string>>(nameof(InferenceOptions.CorsOrigins), new OriginsValue(), o => o.CorsOrigins, (o, v) => o with { CorsOrigins = v },
            "Web pages of these origins may call the API; * is every origin."),
        new TypedSetting<int>(nameof(InferenceOptions.MaxConcurrency), new WholeNumberValue<int>("NUMBER", 1, 1_000_000), o => o.MaxConcurrency, (o, v) => o with { MaxConcurrency = v },
            "Requests that the engine works on at the same time."),
        new TypedSetting<int>(nameof(InferenceOptions.MaxQueue), new WholeNumberValue<int>("NUMBER", 0, 1_000_000), o => o.MaxQueue, (o, v) => o with { MaxQueue = v },
            "Requests that may wait beyond those; more get 429."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.QueueTimeout), Duration, o => o.QueueTimeout, (o, v) => o with { QueueTimeout = v },
            "A request that has waited so long gets 429."),

        new TypedSetting<string>(nameof(InferenceOptions.Determinism), new ChoiceValue("enforce", "off"), o => o.Determinism, (o, v) => o with { Determinism = v },
            "enforce pins what could make an answer vary; off is a plain proxy."),
        new TypedSetting<long>(nameof(InferenceOptions.Seed), new WholeNumberValue<long>("NUMBER", long.MinValue, long.MaxValue), o => o.Seed, (o, v) => o with { Seed = v },
            "Seed of requests that have none."),

        new TypedSetting<string>(nameof(InferenceOptions.Receipts), new ChoiceValue("inline", "reference", "off"), o => o.Receipts, (o, v) => o with { Receipts = v },
            "inline puts a signed receipt into each answer, reference only its id; off issues none."),
        new TypedSetting<string>(nameof(InferenceOptions.DataDir), new TextValue("FOLDER"), o => o.DataDir, (o, v) => o with { DataDir = v },
            "Signing key and log of receipts. Without it: deterministic-inference/receipts in $XDG_STATE_HOME or ~/.local/state."),
        new TypedSetting<string>(nameof(InferenceOptions.LogOrigin), new LogOriginValue(), o => o.LogOrigin, (o, v) => o with { LogOrigin = v },
            "Name of the log, fixed when it is begun. Without it: derived from its key."),
        new TypedSetting<string>(nameof(InferenceOptions.OnReceiptFailure), new ChoiceValue("continue", "refuse"), o => o.OnReceiptFailure, (o, v) => o with { OnReceiptFailure = v },
            "When a receipt can't be stored: continue and answer without it, or refuse to answer."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.ReceiptRetention), new DurationValue(allowsZero: false, allowsOff: true, longestHours: 24 * 3650),
            o => o.ReceiptRetention, (o, v) => o with { ReceiptRetention = v },
            "Delete receipts with their salts after so long; the log stays."),

        new TypedSetting<LogLevel>(nameof(InferenceOptions.LogLevel), new LogLevelValue(), o => o.LogLevel, (o, v) => o with { LogLevel = v },
            "DEBUG, INFO, WARNING, ERROR or CRITICAL.") { Shorthand = ("--debug", "DEBUG") },
        new TypedSetting<string>(nameof(InferenceOptions.LogFile), File, o => o.LogFile, (o, v) => o with { LogFile = v },
            "File to which the log is appended."),
        new TypedSetting<long>(nameof(InferenceOptions.LogFileMaxBytes), new SizeValue(), o => o.LogFileMaxBytes, (o, v) => o with { LogFileMaxBytes = v },
            "Size at which the log file is renamed to FILE.1 and a new one begun."),
        new TypedSetting<int>(nameof(InferenceOptions.LogFileCount), new WholeNumberValue<int>("NUMBER", 1, 1000), o => o.LogFileCount, (o, v) => o with { LogFileCount = v },
            "Log files that are kept, the present one included."),
        new TypedSetting<bool>(nameof(InferenceOptions.LogToConsole), Boolean, o => o.LogToConsole, (o, v) => o with { LogToConsole = v },
            "Whether the log goes to standard output."),
        new TypedSetting<string>(nameof(InferenceOptions.LogFormat), new ChoiceValue("text", "json"), o => o.LogFormat, (o, v) => o with { LogFormat = v },
            "text or json."),

        new TypedSetting<TimeSpan>(nameof(InferenceOptions.ConnectTimeout), Duration, o => o.ConnectTimeout, (o, v) => o with { ConnectTimeout = v },
            "A connection to the engine must be made after so long."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.FirstByteTimeout), DurationOrOff, o => o.FirstByteTimeout, (o, v) => o with { FirstByteTimeout = v },
            "The engine must begin to answer after so long, or off."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.IdleTimeout), DurationOrOff, o => o.IdleTimeout, (o, v) => o with { IdleTimeout = v },
            "The engine may pause for so long within an answer, or off."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.StreamHeaderDelay), DurationOrZero, o => o.StreamHeaderDelay, (o, v) => o with { StreamHeaderDelay = v },
            "A stream waits so long for the engine's own status before 200 is sent."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.KeepAliveInterval), DurationOrOff, o => o.KeepAliveInterval, (o, v) => o with { KeepAliveInterval = v },
            "A stream that is silent for so long gets a comment line, or off."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.HangAfter), Duration, o => o.HangAfter, (o, v) => o with { HangAfter = v },
            "An engine that neither sends a byte nor passes a probe for so long hangs."),
        new TypedSetting<string>(nameof(InferenceOptions.HangAction), new ChoiceValue("report", "restart"), o => o.HangAction, (o, v) => o with { HangAction = v },
            "report a hanging engine, or restart it."),
        new TypedSetting<int>(nameof(InferenceOptions.MaxRestarts), new WholeNumberValue<int>("NUMBER", 0, 1_000_000), o => o.MaxRestarts, (o, v) => o with { MaxRestarts = v },
            "A crashed engine is started again so often within --restart-window."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.RestartWindow), Duration, o => o.RestartWindow, (o, v) => o with { RestartWindow = v },
            "Crashes longer ago are forgotten."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.RestartDelay), DurationOrZero, o => o.RestartDelay, (o, v) => o with { RestartDelay = v },
            "Pause before the first restart; it doubles with every further crash in the window."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.RestartDelayMax), DurationOrZero, o => o.RestartDelayMax, (o, v) => o with { RestartDelayMax = v },
            "Longest pause before a restart."),
        new TypedSetting<string>(nameof(InferenceOptions.OnFailed), new ChoiceValue("exit", "stay"), o => o.OnFailed, (o, v) => o with { OnFailed = v },
            "After too many crashes exit with code 1, or stay and answer 503 with the reason."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.PreStopDelay), DurationOrZero, o => o.PreStopDelay, (o, v) => o with { PreStopDelay = v },
            "When stopping, requests are still taken for so long while /readyz already says 503."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.DrainTimeout), DurationOrZero, o => o.DrainTimeout, (o, v) => o with { DrainTimeout = v },
            "When stopping, requests in flight may go on for so long."),
        new TypedSetting<TimeSpan>(nameof(InferenceOptions.StopTimeout), DurationOrZero, o => o.StopTimeout, (o, v) => o with { StopTimeout = v },
            "The engine may take so long to end after SIGTERM; then it is killed."),
        new TypedSetting<string>(nameof(InferenceOptions.StopOnStdinEof), new ChoiceValue("auto", "on", "off"), o => o.StopOnStdinEof, (o, v) => o with { StopOnStdinEof = v },
            "Stop at the end of standard input. auto: where it is a pipe or socket that was open at start."),
    ];

    public static Setting Of(string key) => All.First(setting => setting.Key == key);
}
