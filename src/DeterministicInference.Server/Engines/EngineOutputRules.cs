using System.Text.RegularExpressions;
using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Engines;

/// <summary>
/// How an engine's lines are read: their levels, which of them come with every request, and what they say about its
/// end. Only the beginning of a line's text decides, as the rest may quote a request.
/// </summary>
internal sealed record EngineOutputRules
{
    /// <summary>For engines whose lines have no known form.</summary>
    public static EngineOutputRules Generic { get; } = new();

    /// <summary>
    /// What the engine's logger puts before a text. Groups: <c>level</c>, <c>source</c>, <c>place</c> and <c>text</c>;
    /// a match with a level or a <c>time</c> begins an entry. Null for none.
    /// </summary>
    public Regex? Prefix { get; init; }

    /// <summary>Levels that the engine names otherwise than Python's logging module.</summary>
    public IReadOnlyDictionary<string, LogLevel> Levels { get; init; } = new Dictionary<string, LogLevel>();

    /// <summary>Texts of errors that the engine marks with no level; null for none.</summary>
    public Regex? Errors { get; init; }

    /// <inheritdoc cref="EngineLine.IsChatter"/>
    public Regex? Chatter { get; init; }

    /// <inheritdoc cref="EngineLine.IsEnding"/>
    public Regex? Ending { get; init; }

    /// <summary>Errors that follow from another one: the cause of an end only where no other is known.</summary>
    public Regex? Consequences { get; init; }

    /// <summary>Errors of one request, which the engine survives: never the cause of its end.</summary>
    public Regex? RequestErrors { get; init; }

    /// <summary>Texts by which the engine says that it kills its own processes; null if it does not.</summary>
    public Regex? EndsItself { get; init; }

    /// <summary>
    /// Whether lines are in this server's own form. They are believed only where the process is this program's.
    /// </summary>
    public bool IsOwnForm { get; init; }

    /// <summary>Reads a line.</summary>
    public EngineLine Read(string line)
    {
        Match? prefix = Prefix?.Match(line);
        bool isKnown = prefix is { Success: true };
        string text = isKnown ? prefix!.Groups["text"].Value : line;
        string? name = isKnown && prefix!.Groups["level"] is { Success: true } given ? given.Value : null;
        LogLevel level = name is not null ? LevelOf(name) : LogLevel.Information;
        if (level < LogLevel.Error && Errors?.IsMatch(text) == true)
            level = LogLevel.Error;
        return new EngineLine(text)
        {
            BeginsEntry = name is not null || (isKnown && prefix!.Groups["time"].Success),
            Level = level,
            Source = isKnown ? prefix!.Groups["source"].Value : "",
            Place = isKnown ? prefix!.Groups["place"].Value : "",
            IsChatter = Chatter?.IsMatch(text) == true,
            IsEnding = Ending?.IsMatch(text) == true,
        };
    }

    /// <summary>CRITICAL is this server's own level, for the reason why it ends.</summary>
    private LogLevel LevelOf(string name) =>
        (Levels.TryGetValue(name, out LogLevel level) ? level : LogLevelNames.Find(name)) switch
        {
            LogLevel.Critical when !IsOwnForm => LogLevel.Error,
            { } known => known,
            null => LogLevel.Information,
        };
}
