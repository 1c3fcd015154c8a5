using System.Diagnostics;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>strace, attached to a running process of these tests.</summary>
internal static class AttachedTrace
{
    /// <summary>Follows a process to its end; skips the test where that is not allowed.</summary>
    /// <param name="id">The process.</param>
    /// <param name="calls">The system calls to write down, between commas.</param>
    /// <param name="file">The file to write them to.</param>
    public static async Task<Process> StartAsync(int id, string calls, string file)
    {
        Process strace = Process.Start(
            new ProcessStartInfo(
                "strace",
                ["-f", "-y", "-s", "65536", "-e", $"trace={calls}", "-o", file, "-p", $"{id}"]
            )
            {
                RedirectStandardError = true,
            }
        )!;
        string? told = await strace.StandardError.ReadLineAsync(Xunit.TestContext.Current.CancellationToken);
        Xunit.Assert.SkipUnless(
            told?.Contains("attached", StringComparison.Ordinal) == true,
            "skipped: needs the right to trace a process"
        );
        return strace;
    }
}
