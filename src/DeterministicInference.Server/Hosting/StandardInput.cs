using System.Runtime.InteropServices;

namespace DeterministicInference.Server.Hosting;

/// <summary>Standard input as a sign of life of whoever started us.</summary>
internal static partial class StandardInput
{
    private const short PollIn = 1, PollHangUp = 16;

    /// <summary>
    /// "on" and "off" as they say; "auto" watches a pipe or socket whose other end was open at the start. A terminal,
    /// /dev/null and a file say nothing about an owner.
    /// </summary>
    public static bool ShouldWatch(string setting) => setting switch
    {
        "on" => true,
        "off" => false,
        _ => IsPipeOrSocket() && !IsAtEnd(),
    };

    /// <summary>Blocks until the end.</summary>
    public static void ReadToEnd()
    {
        using Stream input = Console.OpenStandardInput();
        Span<byte> buffer = stackalloc byte[256];
        try
        {
            while (input.Read(buffer) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset socket is an end as well.
        }
    }

    private static bool IsPipeOrSocket() =>
        new FileInfo("/proc/self/fd/0").LinkTarget is { } target
        && (target.StartsWith("pipe:", StringComparison.Ordinal) || target.StartsWith("socket:", StringComparison.Ordinal));

    private static bool IsAtEnd()
    {
        var descriptor = new PollDescriptor { File = 0, Events = PollIn };
        return Poll(ref descriptor, 1, 0) > 0 && (descriptor.Returned & PollHangUp) != 0 && (descriptor.Returned & PollIn) == 0;
    }

    [LibraryImport("libc", EntryPoint = "poll")]
    private static partial int Poll(ref PollDescriptor descriptors, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int File;
        public short Events;
        public short Returned;
    }
}
