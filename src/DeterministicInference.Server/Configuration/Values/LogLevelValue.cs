namespace DeterministicInference.Server.Configuration.Values;

/// <summary>A log level, in any case, by the names of Python's logging module or of .NET.</summary>
internal sealed class LogLevelValue : ValueKind<LogLevel>
{
    public override string Placeholder => "LEVEL";

    public override string? Read(string text, out LogLevel value)
    {
        LogLevel? level = text.Trim().ToUpperInvariant() switch
        {
            "DEBUG" => LogLevel.Debug,
            "INFO" or "INFORMATION" => LogLevel.Information,
            "WARNING" or "WARN" => LogLevel.Warning,
            "ERROR" => LogLevel.Error,
            "CRITICAL" or "FATAL" => LogLevel.Critical,
            _ => null,
        };
        value = level ?? LogLevel.None;
        return level is null ? "is not a log level. Give DEBUG, INFO, WARNING, ERROR or CRITICAL." : null;
    }

    public override string Write(LogLevel value) => value switch
    {
        LogLevel.Debug => "DEBUG",
        LogLevel.Information => "INFO",
        LogLevel.Warning => "WARNING",
        LogLevel.Error => "ERROR",
        _ => "CRITICAL",
    };
}
