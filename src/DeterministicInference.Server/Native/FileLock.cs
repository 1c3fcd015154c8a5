namespace DeterministicInference.Server.Native;

/// <summary>A file that is open in one process at a time (<see cref="FileShare.None"/>).</summary>
internal static class FileLock
{
    // EAGAIN of Linux and macOS, ERROR_SHARING_VIOLATION of Windows.
    private static readonly int[] Held = [11, 35, unchecked((int)0x80070020)];

    /// <summary>Whether a file could not be opened because another process has it open.</summary>
    public static bool IsHeld(IOException failure) => Held.Contains(failure.HResult);
}
