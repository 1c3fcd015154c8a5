using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Native;

/// <summary>
/// struct pollfd (https://man7.org/linux/man-pages/man2/poll.2.html). A negative descriptor is skipped.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor(int descriptor)
{
    public int Descriptor = descriptor;
    public short Events = Libc.PollIn;
    public short Returned;

    /// <summary>Whether the descriptor is readable, at its end, or broken: a read will not block.</summary>
    public readonly bool IsReady => Returned != 0;
}
