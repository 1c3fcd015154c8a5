using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Configuration.Settings;

/// <summary>How long the server waits for engines and clients.</summary>
internal static class TimeoutSettings
{
    private static readonly DurationValue Duration = new(allowsZero: false);
    private static readonly DurationValue DurationOrZero = new(allowsZero: true);
    private static readonly DurationValue DurationOrOff = new(allowsZero: false, allowsOff: true);

    public static SettingGroup Group { get; } = new("Timeouts", Rows());

    private static Setting[] Rows() =>
        [
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
        ];
}
