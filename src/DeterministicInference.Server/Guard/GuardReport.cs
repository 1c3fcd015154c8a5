using System.Globalization;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// Reports from the guards to the server: lines on a pipe that both guards hold and no other process does, so that its
/// end means that both are gone. <see cref="GuardReportState"/> reads it.
/// </summary>
/// <param name="descriptor">The pipe; the server made it non-blocking.</param>
internal sealed class GuardReport(int descriptor)
{
    public void Guard(ProcessIdentity self) => Write($"guard {self}");

    public void Engine(ProcessIdentity engine) => Write($"engine {engine}");

    /// <summary>Reports that the engine could not be started.</summary>
    public void Failed(int error) => Write(string.Create(CultureInfo.InvariantCulture, $"failed {error}"));

    /// <summary>Reports that the engine's main process has ended; others may be left.</summary>
    public void Exit(WaitStatus status) => Write(string.Create(CultureInfo.InvariantCulture, $"exit {status.Raw}"));

    /// <summary>Reports processes that the main process has left running at its own, regular end.</summary>
    public void Left(IEnumerable<int> pids) => Write($"left {string.Join(' ', pids.Take(16))}");

    /// <summary>Reports processes that do not end although they were killed.</summary>
    public void Waiting(IEnumerable<int> pids) => Write($"waiting {string.Join(", ", pids.Take(16))}");

    /// <summary>Reports that no process is left below this guard.</summary>
    public void Clean() => Write("clean");

    private void Write(string line) => DescriptorText.Write(descriptor, line + "\n");
}
