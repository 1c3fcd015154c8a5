namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>What a client meets while the model loads.</summary>
internal enum LoadingPhase
{
    /// <summary>Nobody has the port; then it is open while the engine warms up and /health says so.</summary>
    RefusedThenWarming,

    /// <summary>Nobody has the port until all is ready.</summary>
    RefusedUntilReady,

    /// <summary>The port is taken, with SO_REUSEPORT, but connections are refused until all is ready.</summary>
    BoundUntilReady,

    /// <summary>HTTP answers that the model is loading.</summary>
    Answered,
}
