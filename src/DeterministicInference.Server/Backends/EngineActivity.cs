namespace DeterministicInference.Server.Backends;

/// <summary>
/// What the requests in flight show of the engine: how many there are, and when it last sent a byte. The request path
/// writes, the supervisor and the health report read; nothing waits.
/// </summary>
internal sealed class EngineActivity(TimeProvider time)
{
    private int _inFlight;
    private long _busySince = time.GetTimestamp(), _lastByte = time.GetTimestamp();

    /// <summary>Requests that the engine was given and has not finished.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>How long the engine has not sent a byte to anybody.</summary>
    public TimeSpan SinceByte => time.GetElapsedTime(Volatile.Read(ref _lastByte));

    /// <summary>How long all of the requests in flight have waited for a byte; zero while there is none.</summary>
    public TimeSpan Silence =>
        InFlight == 0 ? TimeSpan.Zero : time.GetElapsedTime(Math.Max(Volatile.Read(ref _lastByte), Volatile.Read(ref _busySince)));

    /// <summary>A request goes to the engine. Every call is followed by one of <see cref="End"/>.</summary>
    public void Begin()
    {
        // The silence of an idle engine says nothing about this request.
        if (Interlocked.Increment(ref _inFlight) == 1) Volatile.Write(ref _busySince, time.GetTimestamp());
    }

    /// <summary>The engine has sent something.</summary>
    public void Progress() => Volatile.Write(ref _lastByte, time.GetTimestamp());

    /// <summary>The request is over, however it ended.</summary>
    public void End() => Interlocked.Decrement(ref _inFlight);
}
