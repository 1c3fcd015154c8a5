namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// Logs requests that the engine did not answer: the first one at once, and how many others followed within the
/// second, as an engine that ends fails everything in flight. Safe for concurrent use.
/// </summary>
internal sealed partial class FailedSends : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private bool _isOpen;
    private int _others;
    private string _problem = "";

    /// <param name="time">The clock.</param>
    /// <param name="logger">Of the gateway.</param>
    public FailedSends(TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _timer = time.CreateTimer(_ => Close(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <param name="requestId">The request.</param>
    /// <param name="problem">What went wrong, as a clause.</param>
    public void Add(string requestId, string problem)
    {
        lock (_lock)
        {
            _problem = problem;
            if (_isOpen)
            {
                _others++;
                return;
            }
            _isOpen = true;
            _timer.Change(Window, Timeout.InfiniteTimeSpan);
        }
        Failed(requestId, problem);
    }

    public void Dispose()
    {
        _timer.Dispose();
        Tell();
    }

    private void Close()
    {
        lock (_lock)
        {
            // More of them may follow, and are told when their second is over.
            _isOpen = _others > 0;
            if (_isOpen)
                _timer.Change(Window, Timeout.InfiniteTimeSpan);
        }
        Tell();
    }

    private void Tell()
    {
        int others;
        string problem;
        lock (_lock)
            (others, problem, _others) = (_others, _problem, 0);
        if (others > 0)
            OthersFailed(others, problem);
    }

    [LoggerMessage(LogLevel.Warning, "The engine did not answer {RequestId}: {Problem}")]
    private partial void Failed(string requestId, string problem);

    [LoggerMessage(LogLevel.Warning, "The engine did not answer {Count} more requests within a second: {Problem}")]
    private partial void OthersFailed(int count, string problem);
}
