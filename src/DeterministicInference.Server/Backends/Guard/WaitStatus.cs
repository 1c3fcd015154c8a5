namespace DeterministicInference.Server.Backends.Guard;

/// <summary>How a process ended, as waitpid encodes it.</summary>
internal readonly record struct WaitStatus(int Raw)
{
    /// <summary>The signal that ended it, or 0 if it exited by itself.</summary>
    public int Signal => Raw & 0x7f;

    /// <summary>Its exit code, where no signal ended it.</summary>
    public int Code => (Raw >> 8) & 0xff;

    /// <summary>One number for both, as shells have it: the code, or 128 and the signal.</summary>
    public int ShellCode => Signal == 0 ? Code : 128 + Signal;
}
