using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Engines;

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

    private volatile EngineEndpoint _endpoint;

    private EngineStatus(EngineEndpoint endpoint) => _endpoint = endpoint;

    /// <summary>
    /// Where the engine listens, or will. A restart may change its port; the key and the socket stay.
    /// </summary>
    public EngineEndpoint Endpoint => _endpoint;

    /// <summary>Address at which the engine listens, or will.</summary>
    public Uri Address => _endpoint.Url;

    public EngineState State => _state;

    /// <summary>The assessment of the engine so far.</summary>
    public EngineAssessment Assessment => _assessment;

    /// <summary>Number of restarts since the server started.</summary>
    public int Restarts => _restarts;

    /// <summary>Changes a status.</summary>
    /// <param name="endpoint">Where the engine listens, or will.</param>
    internal sealed class Writer(EngineEndpoint endpoint)
    {
        /// <param name="address">Address of an engine that is attached to.</param>
        public Writer(Uri address)
            : this(EngineEndpoint.Of(address)) { }

        public EngineStatus Status { get; } = new(endpoint);

        public void Set(EngineEndpoint moved) => Status._endpoint = moved;

        public void Set(EngineState state) => Status._state = state;

        public void Set(EngineAssessment assessment) => Status._assessment = assessment;

        public void CountRestart() => Status._restarts++;
    }
}
