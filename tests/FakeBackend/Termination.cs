using System.Diagnostics;
using System.Runtime.InteropServices;
using DeterministicInference.FakeBackend.Dialects;

namespace DeterministicInference.FakeBackend;

/// <summary>How an engine ends.</summary>
internal static class Termination
{
    /// <summary>Time that an engine waits for aborted requests.</summary>
    private static readonly TimeSpan KillDelay = TimeSpan.FromSeconds(5);

    private static readonly List<PosixSignalRegistration> Registrations = [];

    /// <summary>Killed, as by the kernel when memory is short.</summary>
    public static void Die()
    {
        using Process self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>For an engine that ignores SIGTERM from the start.</summary>
    public static void IgnoreFromStart() =>
        Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true));

    /// <summary>SIGTERM has its default action until this was called: before that no engine here handles it.</summary>
    public static void HandleSignal(BackendState state, Dialect dialect) =>
        Registrations.Add(
            PosixSignalRegistration.Create(
                PosixSignal.SIGTERM,
                signal =>
                {
                    signal.Cancel = true;
                    _ = dialect.TerminateAsync(state);
                }
            )
        );

    /// <summary>
    /// As SGLang: new requests are still taken, those in flight end without limit, then it kills its own tree: 137.
    /// </summary>
    public static async Task DrainAndDieAsync(BackendState state)
    {
        state.HealthStatus = StatusCodes.Status503ServiceUnavailable;
        Output.Log("Gracefully exiting... Remaining number of requests");
        await state.IdleAsync();
        Die();
    }

    /// <summary>Requests in flight may end within a limit, then they are aborted; code 0.</summary>
    public static async Task DrainAndExitAsync(BackendState state, TimeSpan limit)
    {
        Task idle = state.IdleAsync();
        Output.Log($"Shutting down, draining for {limit.TotalSeconds} s");
        await Task.WhenAny(idle, Task.Delay(limit));
        state.GiveUp();
        await Task.WhenAny(idle, Task.Delay(KillDelay));
        await Task.WhenAny(state.StopServer(), Task.Delay(KillDelay));
        Environment.Exit(0);
    }
}
