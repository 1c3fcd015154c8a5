namespace DeterministicInference.Server.Logging;

/// <summary>
/// The log levels and their names: the single table for settings, log lines and the lines of the embedded engine.
/// </summary>
internal static class LogLevelNames
{
    /// <summary>
    /// The names of Python's logging module (https://docs.python.org/3/library/logging.html), each with its accepted
    /// alias.
    /// </summary>
    private static readonly (LogLevel Level, string Name, string? Other)[] Table =
    [
        (LogLevel.Debug, "DEBUG", null),
        (LogLevel.Information, "INFO", "INFORMATION"),
        (LogLevel.Warning, "WARNING", "WARN"),
        (LogLevel.Error, "ERROR", null),
        (LogLevel.Critical, "CRITICAL", "FATAL"),
    ];

    /// <summary>The names, from the lowest level to the highest.</summary>
    public static IReadOnlyList<string> List { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>The names for help and messages: <c>DEBUG, INFO, WARNING, ERROR or CRITICAL</c>.</summary>
    public static string All { get; } =
        $"{string.Join(", ", Table.SkipLast(1).Select(row => row.Name))} or {Table[^1].Name}";

    /// <summary>The name of a level; levels outside of the table get the nearest name.</summary>
    public static string Of(LogLevel level) =>
        Array.Find(Table, row => level <= row.Level) is { Name: { } name } ? name : Table[^1].Name;

    /// <summary>The level of a name, ignoring case, or null.</summary>
    public static LogLevel? Find(string name) =>
        Array.Find(
            Table,
            row =>
                name.Equals(row.Name, StringComparison.OrdinalIgnoreCase)
                || name.Equals(row.Other, StringComparison.OrdinalIgnoreCase)
        )
            is { Name: not null } found
            ? found.Level
            : null;
}
