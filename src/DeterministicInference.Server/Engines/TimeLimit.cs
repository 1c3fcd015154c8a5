namespace DeterministicInference.Server.Engines;

/// <summary>A token that is cancelled after a time of an injected clock, or with another token.</summary>
internal sealed class TimeLimit : IDisposable
{
    private readonly CancellationTokenSource _timer,
        _linked;

    /// <param name="span">The time.</param>
    /// <param name="time">The clock.</param>
    /// <param name="other">Cancels it earlier.</param>
    public TimeLimit(TimeSpan span, TimeProvider time, CancellationToken other)
    {
        _timer = new CancellationTokenSource(span, time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(other, _timer.Token);
    }

    public CancellationToken Token => _linked.Token;

    public void Dispose()
    {
        _linked.Dispose();
        _timer.Dispose();
    }
}
