namespace DeterministicInference.Server.Backends;

/// <summary>What the engine is doing. BackendSupervisor is the only writer.</summary>
internal abstract record BackendState
{
    private BackendState()
    {
    }

    /// <summary>Where requests go at present; null while none is taken.</summary>
    public virtual Uri? Address => null;

    /// <summary>Launched or awaited; <paramref name="Detail"/> tells how far it is.</summary>
    internal sealed record Starting(string Detail) : BackendState;

    /// <summary>Answers requests at <paramref name="Url"/>; <paramref name="Detail"/> is what is odd about it, if anything.</summary>
    internal sealed record Ready(Uri Url, string? Detail = null) : BackendState
    {
        public override Uri? Address => Url;
    }

    /// <summary>Was ready and shows no sign of life.</summary>
    internal sealed record Unhealthy(string Detail) : BackendState;

    /// <summary>Has ended although nobody asked it to, and will be started again.</summary>
    /// <param name="Reason">How it ended.</param>
    /// <param name="Attempt">Counts the starts after a crash within the window, from 1.</param>
    /// <param name="Next">When it is started.</param>
    internal sealed record Restarting(string Reason, int Attempt, DateTimeOffset Next) : BackendState;

    /// <summary>Could not be started, or has crashed too often.</summary>
    internal sealed record Failed(string Reason, IReadOnlyList<string> LastLines) : BackendState;

    /// <summary>The server is stopping. Until the door is closed requests are still taken.</summary>
    /// <param name="Url">The engine as long as they are, else null.</param>
    internal sealed record Stopping(Uri? Url) : BackendState
    {
        public override Uri? Address => Url;
    }
}
