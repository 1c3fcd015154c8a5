namespace DeterministicInference.Server.Backends;

/// <summary>The present <see cref="BackendState"/>, readable without a lock.</summary>
/// <param name="address">Where the engine listens, or will.</param>
internal sealed class BackendStatus(Uri address)
{
    private volatile BackendState _state = new BackendState.Starting("not started yet");

    public Uri Address { get; } = address;

    public BackendState State => _state;

    /// <summary>For the supervisor only.</summary>
    public void Set(BackendState state) => _state = state;
}
