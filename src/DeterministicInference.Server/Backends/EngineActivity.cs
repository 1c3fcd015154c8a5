namespace DeterministicInference.Server.Backends;

/// <summary>
/// What the requests in flight show of the engine: how many there are, and when it last sent a byte. The request path
/// writes, the supervisor and the health report read; nothing waits.
/// </summary>
internal sealed class EngineActivity(TimeProvider time)
{
    private int _inFlight;
    private long _lastSign = time.GetTimestamp();

    /// <summary>Requests that the engine was given and has not finished.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>How long no request in flight has had a byte from the engine; zero while there is none.</summary>
    public TimeSpan Silence => InFlight == 0 ? TimeSpan.Zero : time.GetElapsedTime(Volatile.Read(ref _lastSign));

    /// <summary>A request goes to the engine. Every call is followed by one of <see cref="End"/>.</summary>
    public void Begin()
    {
        // The silence of an idle engine says nothing about this request.
        if (Interlocked.Increment(ref _inFlight) == 1) Progress();
    }

    /// <summary>The engine has sent something.</summary>
    public void Progress() => Volatile.Write(ref _lastSign, time.GetTimestamp());

    /// <summary>The request is over, however it ended.</summary>
    public void End() => Interlocked.Decrement(ref _inFlight);
}
