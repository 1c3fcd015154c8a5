using System.ComponentModel;
using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A limit of a process that runs and belongs to this user. No privileges are needed, as only the soft limit is set,
/// which can be raised again (https://man7.org/linux/man-pages/man2/setrlimit.2.html).
/// </summary>
/// <param name="number">The resource's number on Linux (asm-generic/resource.h).</param>
internal sealed unsafe partial class ResourceLimit(int number)
{
    /// <summary>RLIMIT_FSIZE, in bytes: writes beyond it fail, which simulates a full disk.</summary>
    public static readonly ResourceLimit FileSize = new(1);

    /// <summary>RLIMIT_NOFILE: no descriptor from this number on can be opened.</summary>
    public static readonly ResourceLimit Descriptors = new(7);

    public void Set(int pid, ulong value) => Change(pid, limits => limits with { Soft = value });

    public void Lift(int pid) => Change(pid, limits => limits with { Soft = limits.Hard });

    private void Change(int pid, Func<Limits, Limits> change)
    {
        Limits limits;
        if (prlimit(pid, number, null, &limits) < 0)
            throw new Win32Exception();
        limits = change(limits);
        if (prlimit(pid, number, &limits, null) < 0)
            throw new Win32Exception();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prlimit(int pid, int resource, Limits* limits, Limits* before);

    private record struct Limits(ulong Soft, ulong Hard);
}
