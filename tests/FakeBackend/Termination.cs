using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DeterministicInference.FakeBackend;

/// <summary>How SGLang ends.</summary>
internal static class Termination
{
    private static readonly List<PosixSignalRegistration> Registrations = [];

    /// <summary>Killed, as by the kernel when memory is short.</summary>
    public static void Die()
    {
        using Process self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <summary>SIGTERM has its default action until the first request was handled, the warm-up's included.</summary>
    public static void IgnoreFromStart() => Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true));

    /// <summary>SIGTERM: new requests are still taken, those in flight end without limit, then it kills its own tree: 137.</summary>
    public static void DrainOnSignal(BackendState state) => Registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
    {
        signal.Cancel = true;
        state.HealthStatus = StatusCodes.Status503ServiceUnavailable;
        Output.Log("Gracefully exiting... Remaining number of requests");
        _ = DrainAsync(state);
    }));

    private static async Task DrainAsync(BackendState state)
    {
        await state.IdleAsync();
        Die();
    }
}
