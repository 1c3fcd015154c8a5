using DeterministicInference.Server.Assessment;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// State and assessment of the engine, readable without a lock. Only the holder of the <see cref="Writer"/>, the
/// supervisor, can change it.
/// </summary>
internal sealed class EngineStatus
{
    private volatile EngineState _state = new EngineState.Starting("the server checks its settings and this machine");
    private volatile EngineAssessment _assessment = EngineAssessment.NotBegun;
    private volatile int _restarts;

    private EngineStatus(Uri address) => Address = address;

    /// <summary>Address at which the engine listens, or will.</summary>
    public Uri Address { get; }

    public EngineState State => _state;

    /// <summary>The assessment of the engine so far.</summary>
    public EngineAssessment Assessment => _assessment;

    /// <summary>Number of restarts since the server started.</summary>
    public int Restarts => _restarts;

    /// <summary>Changes a status.</summary>
    /// <param name="address">Where the engine listens, or will.</param>
    internal sealed class Writer(Uri address)
    {
        public EngineStatus Status { get; } = new(address);

        public void Set(EngineState state) => Status._state = state;

        public void Set(EngineAssessment assessment) => Status._assessment = assessment;

        public void CountRestart() => Status._restarts++;
    }
}
