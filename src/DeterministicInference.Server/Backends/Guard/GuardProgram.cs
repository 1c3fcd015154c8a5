using DeterministicInference.Server.Cli;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>
/// The hidden mode in which this program is the parent of an engine and outlives the server just long enough to end it.
/// It uses neither the console (a full or broken pipe would block or fail it) nor Process (whose bookkeeping and a
/// waitpid for everybody exclude each other).
/// </summary>
internal static class GuardProgram
{
    /// <summary>Whether the program was started as a guard. Must be asked before anything else is done.</summary>
    public static bool IsGuard(string[] args) => args is [GuardArguments.Mode, ..];

    /// <summary>Runs on the thread of Main until nothing is left of the engine.</summary>
    /// <returns>The engine's exit code, 128 and the signal that ended it, 127 if it was not found, 126 if it can't be started.</returns>
    public static int Run(string[] args)
    {
        if (!OperatingSystem.IsLinux() || GuardArguments.Parse(args) is not { } arguments) return ExitCode.Usage;
        // Ignored by whoever started us, it would make the kernel forget how the children ended.
        _ = Libc.signal(Libc.SigChld, 0);
        // Out of reach of Ctrl-C and of signals to the server's group.
        _ = Libc.setsid();
        if (Libc.prctl(Libc.SetChildSubreaper, 1, 0, 0, 0) < 0)
        {
            // What leaves the engine's process tree would be out of reach.
            new GuardReport(arguments.ReportDescriptor).Failed(Libc.LastError);
            return ExitCode.Failure;
        }
        _ = Libc.close_range(3, uint.MaxValue, Libc.CloseRangeCloseOnExec);
        using var loop = new GuardLoop(arguments);
        return loop.Run();
    }
}
