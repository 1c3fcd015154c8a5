using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Configuration.Settings;

/// <summary>Where the server listens, who may call it, and how many at once.</summary>
internal static class AccessSettings
{
    private static readonly PathValue File = new("FILE");
    private static readonly DurationValue Duration = new(allowsZero: false);

    public static SettingGroup Group { get; } = new("Access and load", Rows());

    private static Setting[] Rows() =>
        [
            new TypedSetting<string>(
                nameof(ServeOptions.ProxyHost),
                new HostValue(allowsNames: false),
                o => o.ProxyHost,
                (o, v) => o with { ProxyHost = v },
                "Address to listen on. localhost is 127.0.0.1 and ::1, 0.0.0.0 every IPv4 address of the machine."
            )
            {
                Brief = "Address to listen on.",
            },
            new TypedSetting<int>(
                nameof(ServeOptions.ProxyPort),
                new WholeNumberValue<int>("PORT", 0, 65535),
                o => o.ProxyPort,
                (o, v) => o with { ProxyPort = v },
                "Port to listen on; 0 picks a free one, which is logged."
            )
            {
                Brief = "Port to listen on.",
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
            )
            {
                Brief = "Keys, one of which clients must present.",
            },
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
        ];
}
