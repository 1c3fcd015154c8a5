namespace DeterministicInference.Server.Receipts.Store;

/// <summary>Tracks whether something works, and logs each change but not each failure. Thread-safe.</summary>
/// <param name="what">What is tracked, for the log.</param>
/// <param name="logger">Logger for changes.</param>
internal sealed partial class ProblemState(string what, ILogger logger)
{
    private readonly Lock _lock = new();
    private volatile string? _problem;

    /// <summary>The current problem; null while there is none.</summary>
    public string? Problem => _problem;

    /// <returns>Whether there was none before.</returns>
    public bool Report(string problem)
    {
        lock (_lock)
        {
            if (_problem is not null)
                return false;
            _problem = problem;
        }
        Failing(logger, what, problem);
        return true;
    }

    public void Clear()
    {
        if (_problem is null)
            return;
        lock (_lock)
            _problem = null;
        Working(logger, what);
    }

    [LoggerMessage(LogLevel.Warning, "{What}: failing: {Problem}")]
    private static partial void Failing(ILogger logger, string what, string problem);

    [LoggerMessage(LogLevel.Information, "{What}: working again")]
    private static partial void Working(ILogger logger, string what);
}
