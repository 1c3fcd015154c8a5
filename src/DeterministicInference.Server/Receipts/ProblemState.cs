namespace DeterministicInference.Server.Receipts;

/// <summary>Something that works or does not. The log has a line for each change, not for each failure. Any thread may report.</summary>
/// <param name="what">What works or does not, for the log.</param>
/// <param name="logger">Where changes are told.</param>
internal sealed partial class ProblemState(string what, ILogger logger)
{
    private readonly Lock _lock = new();
    private volatile string? _problem;

    /// <summary>Null while it works.</summary>
    public string? Problem => _problem;

    public void Report(string problem)
    {
        lock (_lock)
        {
            if (_problem is not null) return;
            _problem = problem;
        }
        Failing(logger, what, problem);
    }

    public void Clear()
    {
        if (_problem is null) return;
        lock (_lock) _problem = null;
        Working(logger, what);
    }

    [LoggerMessage(LogLevel.Warning, "{What}: failing: {Problem}")]
    private static partial void Failing(ILogger logger, string what, string problem);

    [LoggerMessage(LogLevel.Information, "{What}: working again")]
    private static partial void Working(ILogger logger, string what);
}
