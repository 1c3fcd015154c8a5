namespace DeterministicInference.Server.Backends;

/// <summary>What the engine is doing. BackendSupervisor is the only writer.</summary>
internal abstract record BackendState
{
    private BackendState()
    {
    }

    /// <summary>Launched or awaited; <paramref name="Detail"/> tells how far it is.</summary>
    internal sealed record Starting(string Detail) : BackendState;

    /// <summary>Answers requests at <paramref name="Url"/>.</summary>
    internal sealed record Ready(Uri Url) : BackendState;

    /// <summary>Was ready and is no longer answering.</summary>
    internal sealed record Unhealthy(string Detail) : BackendState;

    /// <summary>Ended, or could not be started.</summary>
    internal sealed record Failed(string Reason, IReadOnlyList<string> LastLines) : BackendState;

    /// <summary>The server is stopping; requests in flight may finish.</summary>
    internal sealed record Stopping : BackendState;
}
