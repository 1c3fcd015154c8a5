using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Serve;

/// <summary>Detects the end of the parent process by the end of standard input.</summary>
internal static class StandardInput
{
    /// <summary>
    /// Whether to watch standard input. Auto watches a pipe or socket whose other end was open at start; a terminal,
    /// /dev/null and a file say nothing about an owner.
    /// </summary>
    public static bool ShouldWatch(StdinEofMode setting) =>
        setting switch
        {
            StdinEofMode.On => true,
            StdinEofMode.Off => false,
            _ => IsPipeOrSocket() && !IsAtEnd(),
        };

    /// <summary>Blocks until the end of standard input.</summary>
    public static void ReadToEnd()
    {
        using Stream input = Console.OpenStandardInput();
        Span<byte> buffer = stackalloc byte[256];
        try
        {
            while (input.Read(buffer) > 0) { }
        }
        catch (IOException)
        {
            // A reset socket counts as the end.
        }
    }

    private static bool IsPipeOrSocket() =>
        new FileInfo("/proc/self/fd/0").LinkTarget is { } target
        && (
            target.StartsWith("pipe:", StringComparison.Ordinal)
            || target.StartsWith("socket:", StringComparison.Ordinal)
        );

    private static unsafe bool IsAtEnd()
    {
        var descriptor = new PollDescriptor(0);
        return Libc.poll(&descriptor, 1, 0) > 0
            && (descriptor.Returned & Libc.PollHangUp) != 0
            && (descriptor.Returned & Libc.PollIn) == 0;
    }
}
