using System.ComponentModel;
using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// The file size limit of a process (RLIMIT_FSIZE): writes beyond it fail, which simulates a full disk. No privileges
/// are needed, as only the soft limit is set, which can be raised again
/// (https://man7.org/linux/man-pages/man2/setrlimit.2.html).
/// </summary>
internal static unsafe partial class FileSizeLimit
{
    private const int FileSize = 1;

    /// <summary>For a process of this user that runs.</summary>
    public static void Set(int pid, ulong bytes) => Change(pid, limits => limits with { Soft = bytes });

    public static void Lift(int pid) => Change(pid, limits => limits with { Soft = limits.Hard });

    private static void Change(int pid, Func<Limits, Limits> change)
    {
        Limits limits;
        if (prlimit(pid, FileSize, null, &limits) < 0)
            throw new Win32Exception();
        limits = change(limits);
        if (prlimit(pid, FileSize, &limits, null) < 0)
            throw new Win32Exception();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prlimit(int pid, int resource, Limits* limits, Limits* before);

    private record struct Limits(ulong Soft, ulong Hard);
}
