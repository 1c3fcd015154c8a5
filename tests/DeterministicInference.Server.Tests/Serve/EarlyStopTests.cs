using System.Diagnostics;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>
/// A server that is asked to stop at any moment of its start ends regularly, without output, and leaves no process.
/// </summary>
public sealed class EarlyStopTests
{
    /// <summary>Exit code of a process without a handler for SIGTERM yet.</summary>
    private const int EndedBySigterm = 128 + Libc.SigTerm;

    /// <summary>From the first instruction to a ready engine and beyond, on a busy machine.</summary>
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(1.5);

    /// <summary>Waits that would outlast the patience of the tests: nothing that is starting is waited for.</summary>
    private static readonly string[] Waits =
    [
        "--drain-timeout",
        "10m",
        "--stop-timeout",
        "10m",
        "--stop-on-stdin-eof",
        "on",
    ];

    [Theory]
    [InlineData("embedded", "SIGTERM")]
    [InlineData("embedded", "two SIGTERMs")]
    [InlineData("embedded", "end of input")]
    [InlineData("sglang", "SIGTERM")]
    [InlineData("sglang", "two SIGTERMs")]
    [InlineData("sglang", "end of input")]
    public async Task A_stop_during_the_start_leaves_nothing(string backend, string ask)
    {
        string[] arguments =
            backend == "sglang"
                ? ServeProcess.FakeSglang
                : ["--backend", "embedded", "--model-path", TestModels.Scripted];
        int times = LongRun.Times(usually: 2, atLength: 50);
        for (int i = 0; i < times; i++)
        {
            // Fractions of the golden ratio: spread evenly however many there are, other ones for each case.
            double at = (i * 0.6180339887498949 + backend.Length * 0.31 + ask.Length * 0.17) % 1;
            await StopAsync([.. arguments, .. Waits], ask, at * Span);
        }
    }

    private static async Task StopAsync(string[] arguments, string ask, TimeSpan delay)
    {
        var launch = new ServeLaunch();
        using Process process = ServerProgram.Built.Start(
            launch.Arguments(arguments),
            launch.Environment([("FAKE_CHILDREN", "1"), ("FAKE_DAEMONS", "1")])
        );
        try
        {
            ProcessIdentity server = ProcessIdentity.Of(process.Id);
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
                error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            // The moment of the stop is under test.
            await Task.Delay(delay, TestContext.Current.CancellationToken);
            long asked = Stopwatch.GetTimestamp();
            if (ask == "end of input")
                process.StandardInput.Close();
            else
                server.Signal(Libc.SigTerm);
            if (ask == "two SIGTERMs")
                server.Signal(Libc.SigTerm);
            await process.WaitForExitAsync().Within();
            TimeSpan took = Stopwatch.GetElapsedTime(asked);
            string told =
                $"{ask} after {delay.TotalMilliseconds:F0} ms, {took.TotalMilliseconds:F0} ms, code "
                + $"{process.ExitCode}: {await output.Within()}{await error.Within()}";
            // Before the first line the signal has its default effect, and there is no process that could be left.
            bool unheard = process.ExitCode == EndedBySigterm && ask != "end of input" && (await output).Length == 0;
            Assert.True(process.ExitCode == 0 || unheard, told);
            Assert.True((await error).Length == 0, told);
            launch.Family.RequireGone();
            Assert.Empty(launch.StateFiles);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
            launch.Family.EndAll();
        }
    }
}
