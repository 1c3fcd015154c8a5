using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Native;

/// <summary>
/// Linux system calls that .NET does not offer safely. The constants are valid for x64 and arm64. Names follow the C
/// library, so that its manual pages apply (https://man7.org/linux/man-pages/).
/// </summary>
internal static unsafe partial class Libc
{
    public const int SigTerm = 15,
        SigKill = 9,
        SigPipe = 13,
        SigXfsz = 25;
    public const nint IgnoreSignal = 1;
    public const int NoHang = 1;
    public const int ErrorNoPermission = 1,
        ErrorNoEntry = 2,
        ErrorInterrupted = 4,
        ErrorNoExecutable = 8,
        ErrorNoChild = 10,
        ErrorAgain = 11,
        ErrorAccess = 13,
        ErrorNoFileLeft = 23,
        ErrorNoDescriptorLeft = 24,
        ErrorNoSystemCall = 38;
    public const int ReadOnly = 0,
        WriteOnly = 1,
        Append = 0x400,
        NonBlocking = 0x800,
        CloseOnExec = 0x80000;
    public const int MayRead = 4,
        MayWrite = 2,
        MayExecute = 1;
    public const short PollIn = 1,
        PollOut = 4,
        PollHangUp = 16;
    public const int SetChildSubreaper = 36;
    public const int DuplicateCloseOnExec = 1030,
        SetStatusFlags = 4;
    public const uint CloseRangeCloseOnExec = 4;
    public const short SpawnSetSignalDefaults = 0x04,
        SpawnSetSignalMask = 0x08,
        SpawnSetSession = 0x80;

    private const string Library = "libc";

    // The numbers are the same on every architecture; called by number, as older C libraries have no wrappers
    // (https://man7.org/linux/man-pages/man2/pidfd_open.2.html).
    private const nint PidFdSendSignalCall = 424,
        PidFdOpenCall = 434,
        CloseRangeCall = 436;

    /// <summary>The errno of the last failed call on this thread.</summary>
    public static int LastError => Marshal.GetLastPInvokeError();

    /// <summary>The last failed call on this thread as an exception.</summary>
    public static IOException LastFailure => new(Marshal.GetPInvokeErrorMessage(LastError));

    public static int pidfd_open(int pid) => (int)Syscall(PidFdOpenCall, pid, 0, 0, 0);

    public static int pidfd_send_signal(int descriptor, int signal) =>
        (int)Syscall(PidFdSendSignalCall, descriptor, signal, 0, 0);

    public static int close_range(uint first, uint last, uint flags) =>
        (int)Syscall(CloseRangeCall, (nint)first, (nint)last, (nint)flags, 0);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int access(string path, int mode);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int kill(int pid, int signal);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int waitpid(int pid, int* status, int options);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint read(int descriptor, byte* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    public static partial nint write(int descriptor, byte* buffer, nuint count);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int open(byte* path, int flags, int mode);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int close(int descriptor);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int mkdir(byte* path, int mode);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int chmod(byte* path, int mode);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fsync(int descriptor);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int pipe2(int* descriptors, int flags);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int fcntl(int descriptor, int command, int argument);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport(Library)]
    public static partial int getppid();

    [LibraryImport(Library)]
    public static partial uint geteuid();

    [LibraryImport(Library)]
    public static partial nint signal(int signal, nint handler);

    [LibraryImport(Library)]
    public static partial int sigfillset(void* set);

    [LibraryImport(Library)]
    public static partial int sigemptyset(void* set);

    [LibraryImport(Library, SetLastError = true)]
    public static partial int statx(int folder, byte* path, int flags, uint mask, byte* result);

    [LibraryImport(Library)]
    public static partial int posix_spawnp(
        int* pid,
        byte* file,
        void* actions,
        void* attributes,
        byte** arguments,
        byte** environment
    );

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_init(void* attributes);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_destroy(void* attributes);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_setflags(void* attributes, short flags);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_setsigdefault(void* attributes, void* set);

    [LibraryImport(Library)]
    public static partial int posix_spawnattr_setsigmask(void* attributes, void* set);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_init(void* actions);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_destroy(void* actions);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_adddup2(void* actions, int from, int to);

    [LibraryImport(Library)]
    public static partial int posix_spawn_file_actions_addopen(
        void* actions,
        int descriptor,
        byte* path,
        int flags,
        int mode
    );

    [LibraryImport(Library, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Syscall(nint number, nint a, nint b, nint c, nint d);
}
