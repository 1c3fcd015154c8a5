using System.Globalization;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>
/// What the guards tell the server: lines on a pipe that both of them hold and no other process does, so its end means
/// that both are gone. <see cref="EngineRecord"/> reads it.
/// </summary>
/// <param name="descriptor">The pipe; the server made it non-blocking.</param>
internal sealed class GuardReport(int descriptor)
{
    public void Guard(ProcessIdentity self) => Write($"guard {self}");

    public void Engine(ProcessIdentity engine) => Write($"engine {engine}");

    /// <summary>The engine could not be started.</summary>
    public void Failed(int error) => Write(string.Create(CultureInfo.InvariantCulture, $"failed {error}"));

    /// <summary>The engine's main process has ended; others may be left.</summary>
    public void Exit(WaitStatus status) => Write(string.Create(CultureInfo.InvariantCulture, $"exit {status.Raw}"));

    /// <summary>These do not die.</summary>
    public void Waiting(IEnumerable<int> pids) => Write($"waiting {string.Join(", ", pids.Take(16))}");

    /// <summary>Nothing is left below this guard.</summary>
    public void Clean() => Write("clean");

    private void Write(string line) => DescriptorText.Write(descriptor, line + "\n");
}
