using DeterministicInference.Server.Backends.Preflight;

namespace DeterministicInference.Server.Backends;

/// <summary>The present <see cref="BackendState"/>, readable without a lock. Written by the supervisor only.</summary>
/// <param name="address">Where the engine listens, or will.</param>
internal sealed class BackendStatus(Uri address)
{
    private volatile BackendState _state = new BackendState.Starting("not started yet");
    private volatile DeterminismVerdict _verdict = DeterminismVerdict.Pending;
    private volatile int _restarts;

    public Uri Address { get; } = address;

    public BackendState State => _state;

    /// <summary>What the engine's answers are worth, as far as it is known.</summary>
    public DeterminismVerdict Verdict => _verdict;

    /// <summary>How often the engine was started again since the server started.</summary>
    public int Restarts => _restarts;

    public void Set(BackendState state) => _state = state;

    public void SetVerdict(DeterminismVerdict verdict) => _verdict = verdict;

    public void CountRestart() => _restarts++;
}
