using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace DeterministicInference.Benchmarks.Soak;

/// <summary>
/// <c>soak</c>: steady load with engine faults and clients that leave; whether every answer is right, and whether the
/// server holds no more memory, descriptors and connections at its end than at its beginning. Exit code 1 where not.
/// </summary>
internal static class SoakCommand
{
    /// <summary>
    /// Descriptors that a process opens once and keeps, such as a file of the system that is first needed later than in
    /// the warm-up.
    /// </summary>
    private const int Allowance = 4;

    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1),
        LongestSettling = TimeSpan.FromSeconds(15),
        WarmUp = TimeSpan.FromSeconds(10);

    private static readonly Option<double> Minutes = new("--minutes")
    {
        Description = "How long, at most 120.",
        DefaultValueFactory = _ => 10,
    };
    private static readonly Option<int> Rate = new("--rate")
    {
        Description = "Requests per second.",
        DefaultValueFactory = _ => 300,
    };
    private static readonly Option<int> Connections = new("--connections")
    {
        Description = "Client connections.",
        DefaultValueFactory = _ => 100,
    };
    private static readonly Option<double> Faults = new("--faults")
    {
        Description = "Share of requests that the engine fails.",
        DefaultValueFactory = _ => 0.01,
    };
    private static readonly Option<double> Aborts = new("--aborts")
    {
        Description = "Share of requests that the client leaves.",
        DefaultValueFactory = _ => 0.05,
    };
    private static readonly Option<string?> Program = new("--program")
    {
        Description = "Server to start: an executable, or a .dll.",
    };
    private static readonly Option<string?> FakeBackend = new("--fake-backend")
    {
        Description = "FakeBackend's executable, for --program.",
    };
    private static readonly Option<Uri?> Url = new("--url")
    {
        Description =
            "A running server on this machine instead; its engine must be a FakeBackend with FAKE_KEEP_REQUESTS=0.",
    };
    private static readonly Option<int?> Pid = new("--pid") { Description = "Process of the server at --url." };
    private static readonly Option<Uri?> EngineUrl = new("--engine-url") { Description = "FakeBackend behind --url." };

    public static Command Create()
    {
        var command = new Command("soak", "Steady load with faults: are all answers right, and does nothing pile up?")
        {
            Minutes,
            Rate,
            Connections,
            Faults,
            Aborts,
            Program,
            FakeBackend,
            Url,
            Pid,
            EngineUrl,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        TimeSpan duration = TimeSpan.FromMinutes(Math.Clamp(parsed.GetValue(Minutes), 0, 120));
        if (
            parsed.GetValue(Url) is { IsLoopback: true } url
            && parsed.GetValue(Pid) is { } pid
            && parsed.GetValue(EngineUrl) is { } engine
        )
        {
            return await RunAsync(parsed, url, pid, engine, duration, cancellation);
        }
        if (parsed.GetValue(Program) is { } program && parsed.GetValue(FakeBackend) is { } fakeBackend)
        {
            await using SoakServer server = await SoakServer.StartAsync(program, fakeBackend, [], cancellation);
            return await RunAsync(parsed, server.Url, server.Pid, server.Engine, duration, cancellation);
        }
        await Console.Error.WriteLineAsync(
            "error: Give --program and --fake-backend, or --url (on this machine), --pid and --engine-url."
        );
        return 2;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        Uri url,
        int pid,
        Uri engine,
        TimeSpan duration,
        CancellationToken cancellation
    )
    {
        using var http = new HttpClient();
        var load = new SoakLoad(
            new IPEndPoint(IPAddress.Parse(url.Host == "localhost" ? "127.0.0.1" : url.Host), url.Port),
            parsed.GetValue(Rate),
            parsed.GetValue(Connections),
            parsed.GetValue(Faults),
            parsed.GetValue(Aborts)
        );
        // What is loaded, compiled and pooled once is no leak.
        await load.RunAsync(WarmUp, cancellation);
        (ProcessSample before, _) = await SettleAsync(pid, connections: 0, http, engine, cancellation);
        var memory = new List<(double Minutes, double Megabytes)>();
        using var sampling = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        Task sampler = SampleAsync(pid, memory, sampling.Token);
        await load.RunAsync(duration, cancellation);
        await sampling.CancelAsync();
        await sampler;
        (ProcessSample after, int running) = await SettleAsync(pid, before.Connections, http, engine, cancellation);

        Slope slope = Slope.Of([.. memory.Where(sample => sample.Minutes >= duration.TotalMinutes / 3)]);
        Print(load, duration, memory, slope, before, after, running);
        return
            load.Anomalies.Count == 0
            && running == 0
            && after.Connections <= before.Connections
            && after.Descriptors <= before.Descriptors + Allowance
            ? 0
            : 1;
    }

    private static async Task SampleAsync(
        int pid,
        List<(double Minutes, double Megabytes)> memory,
        CancellationToken cancellation
    )
    {
        long began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(SampleInterval);
        try
        {
            do memory.Add(
                (Stopwatch.GetElapsedTime(began).TotalMinutes, ProcessSample.ResidentKilobytes(pid) / 1024.0)
            );
            while (await timer.WaitForNextTickAsync(cancellation));
        }
        catch (OperationCanceledException)
        {
            // The load is over.
        }
    }

    /// <summary>
    /// Connections to the engine are kept for some seconds; a request that a client left ends a moment after it.
    /// </summary>
    private static async Task<(ProcessSample After, int Running)> SettleAsync(
        int pid,
        int connections,
        HttpClient http,
        Uri engine,
        CancellationToken cancellation
    )
    {
        long began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(SampleInterval);
        while (true)
        {
            ProcessSample now = ProcessSample.Of(pid);
            using JsonDocument requests = JsonDocument.Parse(
                await http.GetStringAsync(new Uri(engine, "/__fake/requests"), cancellation)
            );
            int running = requests.RootElement.GetArrayLength();
            if ((running == 0 && now.Connections <= connections) || Stopwatch.GetElapsedTime(began) > LongestSettling)
                return (now, running);
            await timer.WaitForNextTickAsync(cancellation);
        }
    }

    private static void Print(
        SoakLoad load,
        TimeSpan duration,
        List<(double Minutes, double Megabytes)> memory,
        Slope slope,
        ProcessSample before,
        ProcessSample after,
        int running
    )
    {
        int all = load.Counts.Values.Sum() + load.Anomalies.Values.Sum();
        Line($"| requests in {duration.TotalMinutes:0.##} min, after {WarmUp.TotalSeconds} s to warm up | count |");
        Line($"| --- | ---: |");
        foreach ((string kind, int count) in load.Counts.OrderBy(row => row.Key, StringComparer.Ordinal))
            Line($"| {kind} | {count:N0} |");
        Line($"| **anomalies** | {load.Anomalies.Values.Sum():N0} |");
        Line(
            $"| all ({all / (duration + WarmUp).TotalSeconds:F0}/s; {load.Late:N0} began more than 1 s late) | "
                + $"{all:N0} |"
        );
        Line($"");
        Line($"| server | before | at the end | after |");
        Line($"| --- | ---: | ---: | ---: |");
        Line(
            $"| resident, MB | {before.Kilobytes / 1024.0:F1} | {memory[^1].Megabytes:F1} (most "
                + $"{memory.Max(sample => sample.Megabytes):F1}) | {after.Kilobytes / 1024.0:F1} |"
        );
        Line($"| open descriptors | {before.Descriptors} | | {after.Descriptors} |");
        Line($"| established connections | {before.Connections} | | {after.Connections} |");
        Line($"| requests that the engine still works on | | | {running} |");
        Line($"");
        Line(
            $"Resident memory over the last two thirds: {slope.PerUnit:+0.000;-0.000} ± {slope.StandardError:0.000} "
                + $"MB per minute (slope and its standard error; {memory.Count} samples)."
        );
        foreach ((string anomaly, int count) in load.Anomalies.OrderByDescending(row => row.Value).Take(20))
            Line($"anomaly, {count} times: {anomaly}");

        static void Line(string line) => Console.WriteLine(line);
    }
}
