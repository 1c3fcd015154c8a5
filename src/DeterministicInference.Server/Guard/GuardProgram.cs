using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// The hidden mode in which this program is the parent of an engine and outlives the server just long enough to end it.
/// It uses neither the console (a full or broken pipe would block or fail it) nor Process, which does not work beside a
/// waitpid for any child (https://github.com/dotnet/runtime/issues/33297).
/// </summary>
internal static class GuardProgram
{
    /// <summary>Whether the program was started as a guard. Must be checked before anything else is done.</summary>
    public static bool IsGuard(string[] args) => args is [GuardArguments.Mode, ..];

    /// <summary>Runs on the main thread until no process of the engine is left.</summary>
    /// <returns>
    /// The engine's exit code, 128 and the signal that ended it, 127 if it was not found, 126 if it can't be started.
    /// </returns>
    public static int Run(string[] args)
    {
        if (!OperatingSystem.IsLinux() || GuardArguments.Parse(args) is not { } arguments)
            return ExitCode.Usage;
        if (Libc.prctl(Libc.SetChildSubreaper, 1, 0, 0, 0) < 0)
        {
            // Without it, processes that leave the engine's tree could not be ended.
            new GuardReport(arguments.ReportDescriptor).Failed(Libc.LastError);
            return ExitCode.Failure;
        }
        _ = Libc.close_range(3, uint.MaxValue, Libc.CloseRangeCloseOnExec);
        using var loop = new GuardLoop(arguments);
        return loop.Run();
    }
}
