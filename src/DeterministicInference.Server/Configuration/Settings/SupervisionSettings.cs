using DeterministicInference.Server.Configuration.Values;

namespace DeterministicInference.Server.Configuration.Settings;

/// <summary>What happens when the engine fails, and when the server stops.</summary>
internal static class SupervisionSettings
{
    private static readonly DurationValue Duration = new(allowsZero: false);
    private static readonly DurationValue DurationOrZero = new(allowsZero: true);

    public static SettingGroup Group { get; } = new("Crashes, hangs and stops", Rows());

    private static Setting[] Rows() =>
        [
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
}
