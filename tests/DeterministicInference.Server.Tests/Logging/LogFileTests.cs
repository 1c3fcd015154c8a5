using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Logging;

/// <summary>
/// The destination of <c>serve</c>'s log may fill up, vanish or be closed: requests are answered all the same.
/// </summary>
public sealed partial class LogFileTests
{
    private const int Many = 400;
    private static readonly int TimePrefix = "2025-10-23 10:30:45 | ".Length;

    [Fact]
    public async Task A_file_is_rotated_and_no_line_is_lost()
    {
        string file = Path.Combine(TestModels.NewFolder("log"), "server.log");
        ServeProcess server = await ServeProcess.SglangAsync([
            "--log-level",
            "DEBUG",
            "--log-file",
            file,
            "--log-file-max-bytes",
            "4KiB",
            "--log-file-count",
            "500",
        ]);
        await using (server)
        {
            await server.ReadyAsync("SGLang server");
            await AskAsync(server, Many);
        }
        IEnumerable<string> files = Enumerable
            .Range(1, 500)
            .Select(i => $"{file}.{i}")
            .Where(File.Exists)
            .Reverse()
            .Append(file);
        Assert.All(files, name => Assert.InRange(new FileInfo(name).Length, 1, 4 << 10));
        // Lines that are logged at the same moment may come in either order.
        Assert.Equal(
            server.Log.Lines.Select(Untimed).Order(StringComparer.Ordinal),
            files.SelectMany(File.ReadLines).Select(Untimed).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task A_disk_that_fills_up_costs_lines_that_are_counted_and_nothing_else()
    {
        string folder = TestModels.NewFolder("small-disk");
        Assert.SkipUnless(
            await MountAsync("-t", "tmpfs", "-o", "size=256k", "tmpfs", folder),
            "skipped: needs root and the right to mount"
        );
        try
        {
            string file = Path.Combine(folder, "server.log"),
                filler = Path.Combine(folder, "filler");
            ServeProcess server = await ServeProcess.SglangAsync(["--log-level", "DEBUG", "--log-file", file]);
            await using (server)
            {
                await server.ReadyAsync("SGLang server");
                Assert.ThrowsAny<IOException>(() => File.WriteAllBytes(filler, new byte[1 << 20]));
                await AskAsync(server, Many);
                await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
                Assert.DoesNotContain(
                    "could not be written",
                    await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken),
                    StringComparison.Ordinal
                );
                File.Delete(filler);
                await UntilAsync(
                    server,
                    () => File.ReadAllText(file).Contains("could not be written", StringComparison.Ordinal)
                );
            }
            string[] written = await File.ReadAllLinesAsync(file, TestContext.Current.CancellationToken);
            HashSet<string> said = [.. server.Log.Lines.Select(Untimed)];
            int lost = written
                .Select(line => Lost().Match(line))
                .Where(match => match.Success)
                .Sum(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
            // A line that was written in part counts as lost.
            Assert.Equal(server.Log.Lines.Count, written.Count(line => said.Contains(Untimed(line))) + lost);
            Assert.True(lost > 10, $"{lost} lines lost");
            Assert.Equal(Untimed(server.Log.Lines[^1]), Untimed(written[^1]));
        }
        finally
        {
            await InstalledProgram.RunAsync("umount", folder);
        }
    }

    [Fact]
    public async Task A_file_that_can_not_be_written_stops_no_request()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "skipped: needs /dev/full");
        await using ServeProcess server = await ServeProcess.SglangAsync([
            "--log-level",
            "DEBUG",
            "--log-file",
            "/dev/full",
        ]);
        await server.ReadyAsync("SGLang server");
        await AskAsync(server, Many);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
    }

    [Fact]
    public async Task A_file_that_may_not_grow_costs_lines_that_are_counted_and_nothing_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        string file = Path.Combine(TestModels.NewFolder("log"), "server.log");
        await using ServeProcess server = await ServeProcess.SglangAsync(["--log-level", "DEBUG", "--log-file", file]);
        await server.ReadyAsync("SGLang server");
        FileSizeLimit.Set(server.Id, 1);
        await AskAsync(server, 20);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
        FileSizeLimit.Lift(server.Id);
        await UntilAsync(server, () => File.ReadLines(file).Any(line => Lost().IsMatch(line)));
    }

    [Fact]
    public async Task A_folder_that_vanishes_and_returns_is_written_again()
    {
        string folder = TestModels.NewFolder("log"),
            file = Path.Combine(folder, "server.log");
        await using ServeProcess server = await ServeProcess.SglangAsync(["--log-level", "DEBUG", "--log-file", file]);
        await server.ReadyAsync("SGLang server");
        // Moved in one step: files deleted one by one may be created again meanwhile.
        Directory.Move(folder, folder + ".gone");
        await AskAsync(server, 20);
        Directory.CreateDirectory(folder);
        await UntilAsync(server, () => File.Exists(file) && File.ReadLines(file).Any(line => Lost().IsMatch(line)));
    }

    [Fact]
    public async Task A_console_whose_reader_is_gone_stops_no_request()
    {
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            [.. ServeProcess.FakeSglang, "--log-level", "DEBUG"],
            readsOutput: false
        );
        // Not by asking: every question is a line, and many of them that nobody has read yet are told as lost.
        await server.ReadOutputAsync("| SGLang server is ready");
        server.CloseOutput();
        await AskAsync(server, Many);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
        server.Terminate();
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    [Fact]
    public async Task A_console_on_a_full_disk_stops_no_request()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "skipped: needs /dev/full");
        var program = new ServerProgram(
            "/bin/sh",
            ["-c", "exec \"$@\" >/dev/full", "sh", ServerProgram.Built.File, .. ServerProgram.Built.Leading]
        );
        await using ServeProcess server = await ServeProcess.StartAsync(
            program,
            [.. ServeProcess.FakeSglang, "--log-level", "DEBUG"],
            readsOutput: false
        );
        await server.Api.AnswersAsync("/readyz", HttpStatusCode.OK, server);
        await AskAsync(server, Many);
        server.Terminate();
        Assert.Equal(0, await server.WaitForExitAsync());
    }

    /// <summary>Console and file take the time by themselves, so that it may differ.</summary>
    private static string Untimed(string line) => line.Length > TimePrefix ? line[TimePrefix..] : "";

    private static async Task AskAsync(ServeProcess server, int times)
    {
        for (int i = 0; i < times; i++)
            Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/livez")).Status);
    }

    /// <summary>Requests, each of which is a line, until the condition is true.</summary>
    private static async Task UntilAsync(ServeProcess server, Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Limits.Overall);
        while (!condition())
        {
            limit.Token.ThrowIfCancellationRequested();
            await AskAsync(server, 1);
        }
    }

    private static async Task<bool> MountAsync(params string[] arguments) =>
        OperatingSystem.IsLinux()
        && File.Exists("/usr/bin/mount")
        && (await InstalledProgram.RunAsync("/usr/bin/mount", arguments)).ExitCode == 0;

    [GeneratedRegex(@"\| WARNING  \| deterministic_inference\.log \| (\d+) lines could not be written$")]
    private static partial Regex Lost();
}
