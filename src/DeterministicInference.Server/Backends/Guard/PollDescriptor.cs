using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Backends.Guard;

/// <summary>struct pollfd. A negative descriptor is skipped.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor(int descriptor)
{
    public int Descriptor = descriptor;
    public short Events = Libc.PollIn;
    public short Returned;

    /// <summary>Readable, at its end, or broken: a read will not block.</summary>
    public readonly bool IsReady => Returned != 0;
}
