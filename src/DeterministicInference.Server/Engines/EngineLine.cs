namespace DeterministicInference.Server.Engines;

/// <summary>One line of an engine's output, as its <see cref="EngineOutputRules"/> read it.</summary>
/// <param name="Text">What the line says, without what its logger puts before each entry.</param>
internal readonly record struct EngineLine(string Text)
{
    /// <summary>Whether a new log entry begins here; else the line may continue an entry.</summary>
    public bool BeginsEntry { get; init; }

    /// <summary>The level that the engine gave it, or its text shows.</summary>
    public LogLevel Level { get; init; } = LogLevel.Information;

    /// <summary>Which of the engine's processes wrote it, as the line names it; empty where it names none.</summary>
    public string Source { get; init; } = "";

    /// <summary>The place in the engine's code, or the logger; lines of one entry have the same.</summary>
    public string Place { get; init; } = "";

    /// <summary>Whether it comes with every request, or is too much for an operator.</summary>
    public bool IsChatter { get; init; }

    /// <summary>Whether it says that the engine is about to end.</summary>
    public bool IsEnding { get; init; }
}
