using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>How an engine ended.</summary>
internal abstract record EngineExit
{
    private EngineExit()
    {
    }

    /// <summary>Processes that could not be ended, because they belong to another user or sit in a driver. Usually none.</summary>
    public IReadOnlyList<int> Remaining { get; init; } = [];

    /// <summary>It exited by itself, with this code.</summary>
    internal sealed record Exited(int Code) : EngineExit;

    /// <summary>A signal ended its main process.</summary>
    internal sealed record Signaled(int Signal) : EngineExit;

    /// <summary>It could not be started, for a reason of the operating system.</summary>
    internal sealed record NotStarted(int Error) : EngineExit
    {
        /// <summary>The executable, or the interpreter that a script names, is not there.</summary>
        public bool IsMissing => Error == Libc.ErrorNoEntry;
    }

    /// <summary>Its guard was killed, so nobody saw how it ended.</summary>
    internal sealed record GuardDied : EngineExit;

    /// <summary>The end of a sentence that begins with the engine.</summary>
    public string Describe() => this switch
    {
        Exited exited => $"exited with code {exited.Code}",
        Signaled { Signal: var signal } => $"was ended by signal {signal}{SignalName(signal)}",
        NotStarted { Error: var error } => $"could not be started: {Marshal.GetPInvokeErrorMessage(error)}",
        _ => "was ended because its guard process was killed",
    };

    private static string SignalName(int signal) => signal switch
    {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        Libc.SigKill => " (SIGKILL; if nobody sent it, the machine ran out of memory)",
        11 => " (SIGSEGV)",
        Libc.SigTerm => " (SIGTERM)",
        _ => "",
    };
}
