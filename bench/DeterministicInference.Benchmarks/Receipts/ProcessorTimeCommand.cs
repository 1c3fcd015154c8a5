using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using DeterministicInference.Benchmarks.Soak;

namespace DeterministicInference.Benchmarks.Receipts;

/// <summary>
/// <c>processor-time</c>: what builds of the server spend on an event of a stream and on a JSON request, with receipts.
/// The builds take turns within one run, each in front of a FakeBackend of its own.
/// </summary>
internal static class ProcessorTimeCommand
{
    private const int Events = 20_000,
        LongPrompt = 200_000;

    private static readonly Option<string[]> Programs = new("--program")
    {
        Description = "Servers: executables, or .dll files. The first one is what the others are compared with.",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly (
        string Name,
        Func<SoakServer, HttpConnection, CancellationToken, Task<double>> Measure
    )[] Cases =
    [
        (
            "event of a chat stream",
            (server, connection, cancellation) =>
                MeasureAsync(server, connection, ReceiptRequest.Chat(Events, isStream: true), 1, Events, cancellation)
        ),
        (
            "JSON chat, 16 tokens",
            (server, connection, cancellation) =>
                MeasureAsync(server, connection, ReceiptRequest.Chat(16, isStream: false), 1000, 1, cancellation)
        ),
        (
            "JSON chat, 1,000 tokens",
            (server, connection, cancellation) =>
                MeasureAsync(server, connection, ReceiptRequest.Chat(1000, isStream: false), 100, 1, cancellation)
        ),
        (
            "JSON chat, prompt of 200 KB",
            (server, connection, cancellation) =>
                MeasureAsync(
                    server,
                    connection,
                    ReceiptRequest.Chat(16, isStream: false, LongPrompt),
                    100,
                    1,
                    cancellation
                )
        ),
    ];

    public static Command Create()
    {
        var command = new Command("processor-time", "Processor time of builds of the server, side by side.")
        {
            Programs,
            ReceiptComparison.FakeBackend,
            ReceiptComparison.Rounds,
        };
        command.SetAction(
            (parsed, cancellation) =>
                RunAsync(
                    parsed.GetValue(Programs)!,
                    parsed.GetValue(ReceiptComparison.FakeBackend)!,
                    parsed.GetValue(ReceiptComparison.Rounds),
                    cancellation
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        string[] programs,
        string fakeBackend,
        int rounds,
        CancellationToken cancellation
    )
    {
        var servers = new List<SoakServer>();
        var times = new Dictionary<(int Server, string Case), List<double>>();
        try
        {
            foreach (string program in programs)
                servers.Add(await SoakServer.StartAsync(program, fakeBackend, [], cancellation));
            // Before round 0 code is compiled.
            for (int round = -2; round < rounds; round++)
            {
                foreach ((string name, var measure) in Cases)
                {
                    // Whoever goes first changes every round.
                    for (int turn = 0; turn < servers.Count; turn++)
                    {
                        int i = (turn + round + 2) % servers.Count;
                        using var connection = new HttpConnection(servers[i].Address);
                        double time = await measure(servers[i], connection, cancellation);
                        if (round < 0)
                            continue;
                        if (!times.TryGetValue((i, name), out List<double>? list))
                            times.Add((i, name), list = []);
                        list.Add(time);
                    }
                }
            }
        }
        finally
        {
            foreach (SoakServer server in servers)
                await server.DisposeAsync();
        }
        foreach ((string name, _) in Cases)
        {
            for (int i = 0; i < servers.Count; i++)
                Report(name, programs[i], times[(i, name)], times[(0, name)]);
        }
        return 0;
    }

    /// <returns>Microseconds of the server's processor time for each unit.</returns>
    private static async Task<double> MeasureAsync(
        SoakServer server,
        HttpConnection connection,
        string body,
        int requests,
        int unitsOfRequest,
        CancellationToken cancellation
    )
    {
        using Process process = Process.GetProcessById(server.Pid);
        TimeSpan before = process.TotalProcessorTime;
        for (int i = 0; i < requests; i++)
            await ReceiptRequest.AskAsync(connection, body, cancellation);
        process.Refresh();
        return (process.TotalProcessorTime - before).TotalMicroseconds / ((double)requests * unitsOfRequest);
    }

    private static void Report(string name, string program, List<double> times, List<double> first)
    {
        double best = times.Min(),
            median = Median(times);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{name, -28} {best, 9:F2} us ({median:F2}); {median / Median(first):F3} of the first   {program}"
            )
        );
    }

    private static double Median(List<double> times) => ReceiptComparison.Quantile(times, 0.5);
}
