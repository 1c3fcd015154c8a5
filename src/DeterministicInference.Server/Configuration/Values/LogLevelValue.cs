using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A log level, by one of the <see cref="LogLevelNames"/>.</summary>
internal sealed class LogLevelValue : ValueKind<LogLevel>
{
    public override string Placeholder => "LEVEL";

    public override IReadOnlyList<string> Choices => LogLevelNames.List;

    public override string? Read(string text, out LogLevel value)
    {
        LogLevel? level = LogLevelNames.Find(text.Trim());
        value = level ?? LogLevel.None;
        return level is null
            ? $"is not a log level.{NearestName.Hint(text.Trim(), LogLevelNames.List)} Give {LogLevelNames.All}."
            : null;
    }

    public override string Write(LogLevel value) => LogLevelNames.Of(value);
}
