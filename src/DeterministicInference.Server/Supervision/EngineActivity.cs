namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Activity of the requests in flight: their number, and when the engine last sent a byte. Written by the request path,
/// read by the supervisor and the health report, without locks.
/// </summary>
internal sealed class EngineActivity(TimeProvider time)
{
    private int _inFlight;
    private long _busySince = time.GetTimestamp(),
        _lastByte = time.GetTimestamp();

    /// <summary>Requests that were sent to the engine and have not ended.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Time since the engine last sent a byte on any request.</summary>
    public TimeSpan SinceByte => time.GetElapsedTime(Volatile.Read(ref _lastByte));

    /// <summary>How long no request in flight has received a byte; zero while there is none.</summary>
    public TimeSpan Silence =>
        InFlight == 0
            ? TimeSpan.Zero
            : time.GetElapsedTime(Math.Max(Volatile.Read(ref _lastByte), Volatile.Read(ref _busySince)));

    /// <summary>
    /// Counts a request that is sent to the engine. Each call is followed by one of <see cref="End"/>.
    /// </summary>
    public void Begin()
    {
        // The time in which the engine was idle does not count as silence of this request: neither to who sees the
        // request counted at once nor, where another request has just ended, later.
        if (InFlight == 0)
            Volatile.Write(ref _busySince, time.GetTimestamp());
        if (Interlocked.Increment(ref _inFlight) == 1)
            Volatile.Write(ref _busySince, time.GetTimestamp());
    }

    /// <summary>Records that the engine has sent a byte.</summary>
    public void Progress() => Volatile.Write(ref _lastByte, time.GetTimestamp());

    /// <summary>Counts the end of a request, however it ended.</summary>
    public void End() => Interlocked.Decrement(ref _inFlight);
}
