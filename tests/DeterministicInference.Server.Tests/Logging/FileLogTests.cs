using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DeterministicInference.Server.Logging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Logging;

/// <summary>The queue between loggers and the file.</summary>
public sealed partial class FileLogTests
{
    private const int Threads = 16,
        LinesPerThread = 1000;

    private readonly string _path = Path.Combine(TestModels.NewFolder("log"), "server.log");

    [Fact]
    public async Task Many_threads_at_once_lose_nothing_across_rotations()
    {
        using (FileLog log = Open(_path, maxBytes: 64 << 10, count: 1000))
        {
            ILogger logger = log.CreateLogger("m");
            await Task.WhenAll(
                    Enumerable
                        .Range(0, Threads)
                        .Select(thread =>
                            Task.Factory.StartNew(
                                () =>
                                {
                                    for (int i = 0; i < LinesPerThread; i++)
                                        Say(logger, $"thread {thread} line {i}");
                                },
                                TestContext.Current.CancellationToken,
                                TaskCreationOptions.LongRunning,
                                TaskScheduler.Default
                            )
                        )
                )
                .Within();
        }
        string[] files = Directory.GetFiles(Path.GetDirectoryName(_path)!);
        Assert.True(files.Length > 5, $"{files.Length} files");
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 64 << 10));
        // From the oldest: each thread's lines in their order.
        IEnumerable<string> lines = files
            .OrderByDescending(file =>
                file == _path ? 0 : int.Parse(Path.GetExtension(file).AsSpan(1), CultureInfo.InvariantCulture)
            )
            .SelectMany(File.ReadLines);
        Dictionary<string, int[]> seen = lines
            .Select(line => Numbers().Match(line))
            .GroupBy(match => match.Groups[1].Value)
            .ToDictionary(
                group => group.Key,
                group =>
                    group.Select(match => int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)).ToArray()
            );
        Assert.Equal(Threads, seen.Count);
        Assert.All(seen.Values, numbers => Assert.Equal(Enumerable.Range(0, LinesPerThread), numbers));
    }

    [Fact]
    public void What_was_logged_before_the_end_is_in_the_file()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging =>
            new LoggingConfiguration(
                LogLevel.Information,
                ToConsole: false,
                File: new RotatingFile(_path, 1 << 30, 2)
            ).Apply(logging)
        );
        using (ServiceProvider provider = services.BuildServiceProvider())
        {
            ILogger logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger("m");
            for (int i = 0; i < 10_000; i++)
                Say(logger, $"line {i}");
        }
        Assert.Equal(10_000, File.ReadLines(_path).Count());
    }

    [Fact]
    public async Task What_a_reader_that_is_stuck_costs_is_counted()
    {
        // A pipe is a file that can be as slow as its reader.
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs named pipes");
        Assert.Equal(0, (await InstalledProgram.RunAsync("mkfifo", _path)).ExitCode);
        // Open for reading as well, so that opening it for writing does not wait.
        using var reader = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite);
        string big = new('x', 1 << 20);
        FileLog log = Open(_path, maxBytes: 1 << 30, count: 2);
        ILogger logger = log.CreateLogger("m");
        // The writer holds one line, the queue as many as fit; loggers don't wait for the rest.
        const int said = (FileLog.Capacity >> 20) + 5;
        for (int i = 0; i < said; i++)
            Say(logger, big);
        using var text = new StreamReader(reader);
        int whole = 0,
            lost = 0;
        while (whole + lost < said)
        {
            string line = (await text.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().Within())!;
            if (Lost().Match(line) is { Success: true } match)
                lost += int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            else
                whole++;
        }
        log.Dispose();
        Assert.Equal(said, whole + lost);
        Assert.InRange(lost, 1, 5);
    }

    [Fact]
    public void A_full_disk_delays_no_request()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "skipped: needs /dev/full");
        using FileLog log = Open("/dev/full", maxBytes: 1000, count: 2);
        ILogger logger = log.CreateLogger("m");
        for (int i = 0; i < 100_000; i++)
            Say(logger, "x");
    }

    [Fact]
    public void A_file_that_can_not_be_renamed_grows_and_says_so_in_the_form_of_the_log()
    {
        // A folder at the target: not even root can rename a file over it.
        Directory.CreateDirectory(_path + ".1");
        using (
            var log = new FileLog(
                new RotatingFile(_path, 400, 2),
                new LogLineFormatter(TimeProvider.System, asJson: true)
            )
        )
        {
            for (int i = 0; i < 5; i++)
                Say(log.CreateLogger("m"), $"line {i}");
        }
        JsonNode[] lines = [.. File.ReadLines(_path).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(
            [
                .. Enumerable.Range(0, 5).Select(i => $"INFO m line {i}"),
                "WARNING deterministic_inference.log This file can't be rotated and keeps growing: its folder is "
                    + "not writable",
            ],
            lines.Select(line => $"{(string?)line["level"]} {(string?)line["module"]} {(string?)line["message"]}")
        );
    }

    [Fact]
    public void A_file_that_can_not_be_opened_is_an_error_at_once() =>
        Assert.ThrowsAny<IOException>(() =>
            Open(Path.Combine(TestModels.NewFolder("log"), "nowhere", "server.log"), 1000, 2)
        );

    private static FileLog Open(string path, long maxBytes, int count) =>
        new(new RotatingFile(path, maxBytes, count), new LogLineFormatter(TimeProvider.System, asJson: false));

    private static void Say(ILogger logger, string message) =>
        logger.Log(LogLevel.Information, default, message, null, (text, _) => text);

    [GeneratedRegex(@"thread (\d+) line (\d+)$")]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\| WARNING  \| deterministic_inference\.log \| (\d+) lines could not be written$")]
    private static partial Regex Lost();
}
