using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Supervision;

/// <summary>The supervisor's log messages.</summary>
/// <param name="logger">The engine's logger.</param>
internal sealed partial class SupervisorLog(ILogger logger)
{
    [LoggerMessage(LogLevel.Information, "Attaching to {Engine} at {Url}")]
    public partial void Attaching(string engine, Uri url);

    [LoggerMessage(LogLevel.Information, "Port {Port} is taken{Holder}; {Engine} gets port {Other}")]
    public partial void PortIsTaken(int port, string holder, string engine, int other);

    [LoggerMessage(
        LogLevel.Warning,
        "{Engine} asks for a key on some of its routes only: {Routes} and others are open to whoever reaches {Url}. "
            + "Leave out --backend-host and --backend-port, and it listens on a Unix socket"
    )]
    public partial void IsPartlyOpen(string engine, string routes, string url);

    [LoggerMessage(LogLevel.Information, "{Engine} is ready")]
    public partial void IsReady(string engine);

    [LoggerMessage(LogLevel.Warning, "{Engine} does not answer: {Problem}")]
    public partial void NotAnswering(string engine, string problem);

    [LoggerMessage(LogLevel.Error, "{Engine} says that it is ending, so requests get 503: {Line}")]
    public partial void IsEnding(string engine, string line);

    [LoggerMessage(
        LogLevel.Error,
        "{Engine} hangs: {Problem}; {InFlight} requests in flight; --hang-action is {Action}"
    )]
    public partial void Hangs(string engine, string problem, int inFlight, HangAction action);

    /// <param name="reason">Why it is restarted.</param>
    /// <param name="attempt">Number of the start within the window.</param>
    /// <param name="maxRestarts">Most starts within the window.</param>
    /// <param name="seconds">Until the start.</param>
    /// <param name="line">The engine's last line; null where the reason says more.</param>
    public void WillRestart(string reason, int attempt, int maxRestarts, double seconds, string? line)
    {
        if (line is null)
            WillRestartFor(reason, attempt, maxRestarts, seconds);
        else
            WillRestartAfter(reason, attempt, maxRestarts, seconds, line);
    }

    [LoggerMessage(LogLevel.Error, "{Reason} Restart {Attempt} (at most {MaxRestarts}) in {Seconds:F1} s")]
    private partial void WillRestartFor(string reason, int attempt, int maxRestarts, double seconds);

    [LoggerMessage(
        LogLevel.Error,
        "{Reason} Restart {Attempt} (at most {MaxRestarts}) in {Seconds:F1} s; its last line: {Line}"
    )]
    private partial void WillRestartAfter(string reason, int attempt, int maxRestarts, double seconds, string line);

    [LoggerMessage(LogLevel.Information, "Stopping {Engine}")]
    public partial void Ending(string engine);

    [LoggerMessage(LogLevel.Information, "{Engine} has ended with all of its processes")]
    public partial void Ended(string engine);

    [LoggerMessage(
        LogLevel.Error,
        "Processes of {Engine} can't be ended: {Pids}. They belong to another user or wait in a driver"
    )]
    public partial void Remains(string engine, string pids);
}
