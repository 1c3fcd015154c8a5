using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Configuration.Settings;

/// <summary>Where the log goes, and its form.</summary>
internal static class LogSettings
{
    private static readonly PathValue File = new("FILE");
    private static readonly BooleanValue Boolean = new();

    public static SettingGroup Group { get; } = new("Log", Rows());

    private static Setting[] Rows() =>
        [
            new TypedSetting<LogLevel>(
                nameof(ServeOptions.LogLevel),
                new LogLevelValue(),
                o => o.LogLevel,
                (o, v) => o with { LogLevel = v },
                $"{LogLevelNames.All}."
            )
            {
                Brief = "Least level of log lines.",
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
        ];
}
