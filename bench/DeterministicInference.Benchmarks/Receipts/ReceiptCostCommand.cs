using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DeterministicInference.Benchmarks.Soak;

namespace DeterministicInference.Benchmarks.Receipts;

/// <summary>
/// <c>receipts</c>: what receipts cost. Two servers in front of a FakeBackend each, one with and one without, take
/// turns: time of a JSON answer, processor time per event of a stream; then receipts per second and bytes per receipt.
/// </summary>
internal static class ReceiptCostCommand
{
    private const int Events = 20_000,
        JsonPerRound = 40,
        LoadPerRound = 1500,
        Burst = 3000,
        Connections = 64;

    /// <summary>Requests at a time under which the processor time of an answer is measured.</summary>
    private static readonly int[] Loads = [1, 32, 256];

    public static Command Create()
    {
        var command = new Command("receipts", "Cost of receipts, side by side with a server without them.");
        foreach (Option option in ReceiptComparison.Options)
            command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        int rounds = parsed.GetValue(ReceiptComparison.Rounds);
        await using ReceiptComparison compared = await ReceiptComparison.StartAsync(parsed, [], cancellation);
        SoakServer[] servers = [compared.With, compared.Without];
        List<double>[] json =

            [
                [],
                [],
            ],
            events =

            [
                [],
                [],
            ];
        List<double>[][] loads = [.. Loads.Select(_ => new List<double>[] { [], [] })];
        for (int round = -3; round < rounds; round++)
        {
            // Whoever goes first changes every round.
            foreach (int i in round % 2 == 0 ? (int[])[0, 1] : [1, 0])
            {
                using var connection = new HttpConnection(servers[i].Address);
                List<double> times = await JsonAsync(connection, cancellation);
                double cpu = await StreamAsync(servers[i], connection, cancellation);
                double[] loaded = new double[Loads.Length];
                for (int load = 0; load < Loads.Length; load++)
                    loaded[load] = await LoadAsync(servers[i], Loads[load], cancellation);
                // Before round 0 code is compiled.
                if (round < 0)
                    continue;
                json[i].AddRange(times);
                events[i].Add(cpu);
                for (int load = 0; load < Loads.Length; load++)
                    loads[load][i].Add(loaded[load]);
            }
        }
        Report("JSON answer, p50, ms", json.Select(times => ReceiptComparison.Quantile(times, 0.5)), "F3");
        Report("JSON answer, p99, ms", json.Select(times => ReceiptComparison.Quantile(times, 0.99)), "F3");
        Report(
            "processor time per event, p50, us",
            events.Select(times => ReceiptComparison.Quantile(times, 0.5)),
            "F2"
        );
        for (int load = 0; load < Loads.Length; load++)
        {
            Report(
                $"processor time per JSON answer, {Loads[load]} at a time, p50, us",
                loads[load].Select(times => ReceiptComparison.Quantile(times, 0.5)),
                "F0"
            );
        }
        double sync = await SyncMillisecondsAsync(compared.With.StateFolder, cancellation);
        Console.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"one write and fsync on this disk, p50, ms: {sync:F3}")
        );
        await BurstAsync(compared.With, cancellation);
        return 0;
    }

    private static async Task BurstAsync(SoakServer server, CancellationToken cancellation)
    {
        long before = StoreBytes(server);
        int left = Burst;
        long began = Stopwatch.GetTimestamp();
        await Task.WhenAll(
            Enumerable
                .Range(0, Connections)
                .Select(async _ =>
                {
                    using var connection = new HttpConnection(server.Address);
                    while (Interlocked.Decrement(ref left) >= 0)
                        Receipt(
                            await ReceiptRequest.AskAsync(
                                connection,
                                ReceiptRequest.Chat(16, isStream: false),
                                cancellation
                            )
                        );
                })
        );
        TimeSpan time = Stopwatch.GetElapsedTime(began);
        double stored = (StoreBytes(server) - before) / (double)Burst;
        using var one = new HttpConnection(server.Address);
        int small = Receipt(await ReceiptRequest.AskAsync(one, ReceiptRequest.Chat(16, isStream: false), cancellation)),
            large = Receipt(
                await ReceiptRequest.AskAsync(one, ReceiptRequest.Chat(1016, isStream: false), cancellation)
            );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"receipts per second, {Connections} connections: {Burst / time.TotalSeconds:F0}"
            )
        );
        Console.WriteLine(
            $"bytes of the determinism object at 16 tokens: {small}; per 1,000 tokens more: {large - small}"
        );
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"bytes on disk per receipt: {stored:F0}; per day at 1 request/s: {stored * 86400 / 1e6:F0} MB"
            )
        );
    }

    private static async Task<List<double>> JsonAsync(HttpConnection connection, CancellationToken cancellation)
    {
        var times = new List<double>(JsonPerRound);
        for (int i = 0; i < JsonPerRound; i++)
        {
            long began = Stopwatch.GetTimestamp();
            await ReceiptRequest.AskAsync(connection, ReceiptRequest.Chat(16, isStream: false), cancellation);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return times;
    }

    /// <returns>Microseconds of the server's processor time per event.</returns>
    private static async Task<double> StreamAsync(
        SoakServer server,
        HttpConnection connection,
        CancellationToken cancellation
    )
    {
        using Process process = Process.GetProcessById(server.Pid);
        TimeSpan before = process.TotalProcessorTime;
        await ReceiptRequest.AskAsync(connection, ReceiptRequest.Chat(Events, isStream: true), cancellation);
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalMicroseconds / Events;
    }

    /// <returns>Microseconds of the server's processor time per JSON answer, with so many requests at a time.</returns>
    private static async Task<double> LoadAsync(SoakServer server, int atOnce, CancellationToken cancellation)
    {
        using Process process = Process.GetProcessById(server.Pid);
        HttpConnection[] connections = [.. Enumerable.Range(0, atOnce).Select(_ => new HttpConnection(server.Address))];
        TimeSpan before = process.TotalProcessorTime;
        int left = LoadPerRound;
        await Task.WhenAll(
            connections.Select(async connection =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                    await ReceiptRequest.AskAsync(connection, ReceiptRequest.Chat(16, isStream: false), cancellation);
            })
        );
        process.Refresh();
        double used = (process.TotalProcessorTime - before).TotalMicroseconds;
        foreach (HttpConnection connection in connections)
            connection.Dispose();
        return used / LoadPerRound;
    }

    /// <returns>Bytes of the object.</returns>
    private static int Receipt(HttpAnswer answer)
    {
        using JsonDocument document = JsonDocument.Parse(answer.Body);
        JsonElement determinism = document.RootElement.GetProperty("determinism");
        return determinism.TryGetProperty("statement", out _)
            ? determinism.GetRawText().Length
            : throw new InvalidOperationException(determinism.GetRawText());
    }

    private static long StoreBytes(SoakServer server) =>
        new DirectoryInfo(server.StateFolder)
            .GetFiles("receipts.db*", SearchOption.AllDirectories)
            .Sum(file => file.Length);

    private static async Task<double> SyncMillisecondsAsync(string folder, CancellationToken cancellation)
    {
        var times = new List<double>();
        await using var file = new FileStream(
            Path.Combine(folder, "sync"),
            FileMode.Create,
            FileAccess.Write,
            FileShare.None,
            1,
            FileOptions.DeleteOnClose
        );
        for (int i = 0; i < 200; i++)
        {
            long began = Stopwatch.GetTimestamp();
            await file.WriteAsync(new byte[4096], cancellation);
            file.Flush(flushToDisk: true);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return ReceiptComparison.Quantile(times, 0.5);
    }

    private static void Report(string what, IEnumerable<double> values, string format)
    {
        double[] both = [.. values];
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{what}: {both[0].ToString(format, CultureInfo.InvariantCulture)} with, "
                    + $"{both[1].ToString(format, CultureInfo.InvariantCulture)} without; {both[0] / both[1] - 1:P0} "
                    + $"more"
            )
        );
    }
}
