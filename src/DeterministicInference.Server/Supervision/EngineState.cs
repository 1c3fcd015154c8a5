namespace DeterministicInference.Server.Supervision;

/// <summary>The state of the engine.</summary>
internal abstract record EngineState
{
    private EngineState() { }

    /// <summary>Address for requests; null while none are accepted.</summary>
    public virtual Uri? Address => null;

    /// <summary>The engine was launched or is awaited; <paramref name="Detail"/> describes the progress.</summary>
    internal sealed record Starting(string Detail) : EngineState;

    /// <summary>
    /// The engine answers requests at <paramref name="Url"/>; <paramref name="Detail"/> says what is unusual, if
    /// anything.
    /// </summary>
    internal sealed record Ready(Uri Url, string? Detail = null) : EngineState
    {
        public override Uri? Address => Url;
    }

    /// <summary>The engine was ready and shows no sign of life, says that it is ending, or has just ended.</summary>
    internal sealed record Unhealthy(string Detail) : EngineState;

    /// <summary>The engine has crashed and will be restarted.</summary>
    /// <param name="Reason">How the engine ended.</param>
    /// <param name="Attempt">Number of the start after a crash within the window, from 1.</param>
    /// <param name="Next">Time of the next start.</param>
    internal sealed record Restarting(string Reason, int Attempt, DateTimeOffset Next) : EngineState;

    /// <summary>The engine could not be started, or has crashed too often.</summary>
    internal sealed record Failed(string Reason, IReadOnlyList<string> LastLines) : EngineState;

    /// <summary>The server is stopping. Requests are still taken during --pre-stop-delay.</summary>
    /// <param name="Url">The engine as long as requests are taken, else null.</param>
    internal sealed record Stopping(Uri? Url) : EngineState
    {
        public override Uri? Address => Url;
    }
}
