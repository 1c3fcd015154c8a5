using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Guard;

/// <summary>
/// Reaps orphans where this program is process 1, as in a container without an init: the kernel gives it every process
/// whose parent has ended (https://man7.org/linux/man-pages/man7/pid_namespaces.7.html). It never waits for any child,
/// which would take the status of the guards from those who wait for them.
/// </summary>
internal sealed class OrphanReaper : IDisposable
{
    private readonly List<int> _children = [];
    private readonly PosixSignalRegistration _signal;

    [SupportedOSPlatform("linux")]
    private OrphanReaper()
    {
        _signal = PosixSignalRegistration.Create(PosixSignal.SIGCHLD, _ => Reap());
        Reap();
    }

    /// <summary>Begins, if this is process 1.</summary>
    public static OrphanReaper? StartAsInit() =>
        OperatingSystem.IsLinux() && Environment.ProcessId == 1 ? new OrphanReaper() : null;

    public void Dispose() => _signal.Dispose();

    private unsafe void Reap()
    {
        lock (OwnProcesses.Gate)
        {
            ProcessTable.OwnChildren(_children);
            foreach (int child in _children.Where(child => !OwnProcesses.Contains(child)))
                _ = Libc.waitpid(child, null, Libc.NoHang);
        }
    }
}
