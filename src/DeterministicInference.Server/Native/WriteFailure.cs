namespace DeterministicInference.Server.Native;

/// <summary>Makes failed writes an error instead of the end of the process.</summary>
internal static class WriteFailure
{
    /// <summary>
    /// Makes a write beyond RLIMIT_FSIZE fail with EFBIG instead of ending the process with SIGXFSZ
    /// (https://man7.org/linux/man-pages/man2/setrlimit.2.html). <see cref="PosixSpawn"/> restores default signals for
    /// child processes.
    /// </summary>
    public static void SurviveSizeLimit()
    {
        if (OperatingSystem.IsLinux())
            _ = Libc.signal(Libc.SigXfsz, Libc.IgnoreSignal);
    }

    /// <summary>Whether an exception means that a file could not be written.</summary>
    public static bool Is(Exception exception) =>
        // ArgumentOutOfRangeException is the runtime's exception for EFBIG, a file above the limit of the process or
        // the file system.
        exception is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;
}
