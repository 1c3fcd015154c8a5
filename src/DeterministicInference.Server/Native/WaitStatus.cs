namespace DeterministicInference.Server.Native;

/// <summary>
/// The status of an ended process, as encoded by waitpid (https://man7.org/linux/man-pages/man2/waitpid.2.html).
/// </summary>
internal readonly record struct WaitStatus(int Raw)
{
    /// <summary>The signal that ended the process, or 0.</summary>
    public int Signal => Raw & 0x7f;

    /// <summary>The exit code, if no signal ended the process.</summary>
    public int Code => (Raw >> 8) & 0xff;

    /// <summary>The exit code as shells report it: the code, or 128 plus the signal.</summary>
    public int ShellCode => Signal == 0 ? Code : 128 + Signal;
}
