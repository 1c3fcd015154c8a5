using System.Runtime.InteropServices;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>How an engine ended.</summary>
internal abstract record EngineExit
{
    private EngineExit() { }

    /// <summary>
    /// Processes that could not be ended, because they belong to another user or wait in a driver. Usually none.
    /// </summary>
    public IReadOnlyList<int> Remaining { get; init; } = [];

    /// <summary>
    /// Processes that still ran when the main process had exited with code 0 unasked: an engine that a script has left
    /// in the background. They were ended, as nobody would see their end.
    /// </summary>
    public IReadOnlyList<int> LeftBehind { get; init; } = [];

    /// <summary>The engine exited with a code.</summary>
    internal sealed record Exited(int Code) : EngineExit;

    /// <summary>A signal ended the engine's main process.</summary>
    internal sealed record Signaled(int Signal) : EngineExit;

    /// <summary>The operating system could not start the engine.</summary>
    internal sealed record NotStarted(int Error) : EngineExit
    {
        /// <summary>The executable, or the interpreter that a script names, is missing.</summary>
        public bool IsMissing => Error == Libc.ErrorNoEntry;

        /// <summary>The executable is none, or may not be executed.</summary>
        public bool IsUnusable => Error is Libc.ErrorAccess or Libc.ErrorNoExecutable or Libc.ErrorNoPermission;
    }

    /// <summary>The guard was killed, so the end of the engine was not observed.</summary>
    internal sealed record GuardDied : EngineExit;

    /// <summary>Completes a sentence that begins with the engine.</summary>
    public string Describe() =>
        this switch
        {
            Exited { LeftBehind: { Count: > 0 } left } exited =>
                $"exited with code {exited.Code} and left processes in the background (pid {Join(left)})",
            Exited exited => $"exited with code {exited.Code}",
            Signaled { Signal: var signal } => $"was ended by signal {signal}{SignalName(signal)}",
            NotStarted { Error: var error } => $"could not be started: {Marshal.GetPInvokeErrorMessage(error)}",
            _ => "was ended because its guard process was killed",
        };

    private static string Join(IReadOnlyList<int> pids) => string.Join(", ", pids);

    private static string SignalName(int signal) =>
        signal switch
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
