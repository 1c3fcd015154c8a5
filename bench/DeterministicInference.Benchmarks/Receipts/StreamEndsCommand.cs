using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using DeterministicInference.Benchmarks.Soak;

namespace DeterministicInference.Benchmarks.Receipts;

/// <summary>
/// <c>stream-ends</c>: how long events of running streams take from the engine to the client while many other streams
/// end at the same moment, each with a receipt. A server with receipts, one without, and the engine by itself take
/// turns.
/// </summary>
internal static class StreamEndsCommand
{
    private const int PaceMilliseconds = 2,
        PacedTokens = 100_000;

    /// <summary>How long the running streams are alone before the others end.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(0.5);

    private static readonly Option<int> Streams = new("--streams")
    {
        Description = "Streams that end at once.",
        DefaultValueFactory = _ => 512,
    };
    private static readonly Option<int> Watched = new("--watched")
    {
        Description = $"Streams that go on, with an event every {PaceMilliseconds} ms.",
        DefaultValueFactory = _ => 8,
    };

    public static Command Create()
    {
        var command = new Command("stream-ends", "Delay of events while many other streams end at once.")
        {
            Streams,
            Watched,
        };
        foreach (Option option in ReceiptComparison.Options)
            command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        int streams = parsed.GetValue(Streams),
            watched = parsed.GetValue(Watched),
            rounds = parsed.GetValue(ReceiptComparison.Rounds);
        // One more is the server's own probe of the engine.
        string most = $"{streams + watched + 1}";
        await using ReceiptComparison compared = await ReceiptComparison.StartAsync(
            parsed,
            ["--max-concurrency", most],
            cancellation
        );
        (SoakServer with, SoakServer without) = (compared.With, compared.Without);
        Case[] cases =
        [
            new("with receipts", with.Address, with.Engine),
            new("without", without.Address, without.Engine),
            new("engine by itself", new IPEndPoint(IPAddress.Loopback, without.Engine.Port), without.Engine),
        ];
        for (int round = -3; round < rounds; round++)
        {
            // Whoever goes first changes every round.
            for (int turn = 0; turn < cases.Length; turn++)
            {
                Case measured = cases[(turn + round + 3) % cases.Length];
                string gate = $"end-{round + 3}-{turn}";
                (EventDelay[] calm, EventDelay[] ending, double time) = await MeasureAsync(
                    measured,
                    gate,
                    streams,
                    watched,
                    cancellation
                );
                // Before round 0 code is compiled.
                if (round < 0)
                    continue;
                measured.Calm.AddRange(calm.Select(one => one.Delay));
                measured.Ending.AddRange(ending.Select(one => one.Delay));
                measured.Times.Add(time);
            }
        }
        foreach (Case measured in cases)
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{measured.Name, -18} all ended after {ReceiptComparison.Quantile(measured.Times, 0.5):F0} ms; "
                        + $"alone: {Describe(measured.Calm)}; while they end: {Describe(measured.Ending)}"
                )
            );
        }
        return 0;
    }

    /// <returns>Delays of the events before and while the streams ended, and how long their end took, in ms.</returns>
    private static async Task<(EventDelay[] Calm, EventDelay[] Ending, double Time)> MeasureAsync(
        Case measured,
        string gate,
        int streams,
        int watched,
        CancellationToken cancellation
    )
    {
        using var engine = new HttpClient { BaseAddress = measured.Engine };
        HttpConnection[] ending = [.. Enumerable.Range(0, streams).Select(_ => new HttpConnection(measured.Address))];
        WatchedStream[] running = [];
        try
        {
            byte[] request = Request(Stream(1, $"\"gate\":\"{gate}\""));
            foreach (HttpConnection connection in ending)
                await connection.SendAsync(request, cancellation);
            foreach (HttpConnection connection in ending)
                await connection.AwaitAnswerAsync(cancellation);
            running =
            [
                .. Enumerable
                    .Range(0, watched)
                    .Select(_ => new WatchedStream(
                        measured.Address,
                        Stream(PacedTokens, $"\"pace_ms\":{PaceMilliseconds}")
                    )),
            ];
            await Task.Delay(Calm, cancellation);
            long began = Stopwatch.GetTimestamp();
            using HttpResponseMessage opened = await engine.PostAsync($"/__fake/gates/{gate}", null, cancellation);
            opened.EnsureSuccessStatusCode();
            await Task.WhenAll(
                ending.Select(async connection =>
                {
                    HttpAnswer answer = await connection.ReadAsync(cancellation);
                    if (answer is not { Status: 200, IsWhole: true })
                        throw new InvalidOperationException($"{answer.Status}: {answer.Body}");
                })
            );
            long ended = Stopwatch.GetTimestamp();
            foreach (WatchedStream stream in running)
                stream.Leave();
            EventDelay[] events = [.. running.SelectMany(stream => stream.Events)];
            return (
                [.. events.Where(one => one.SentAt < began)],
                [.. events.Where(one => one.SentAt >= began && one.SentAt <= ended)],
                Stopwatch.GetElapsedTime(began, ended).TotalMilliseconds
            );
        }
        finally
        {
            foreach (WatchedStream stream in running)
                stream.Dispose();
            foreach (HttpConnection connection in ending)
                connection.Dispose();
        }
    }

    /// <param name="tokens">Generated tokens.</param>
    /// <param name="behaviour">Members of FakeBackend's <c>fake</c>.</param>
    private static string Stream(int tokens, string behaviour) =>
        """{"messages":[{"role":"user","content":"What does an end cost?"}],"stream":true,"max_tokens":"""
        + $"{tokens},\"fake\":{{{behaviour}}}}}";

    private static byte[] Request(string body) =>
        Encoding.ASCII.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + $"Content-Length: {body.Length}\r\n\r\n{body}"
        );

    private static string Describe(List<double> delays) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"p50 {ReceiptComparison.Quantile(delays, 0.5):F2}, p99 {ReceiptComparison.Quantile(delays, 0.99):F2}, longest {delays.Max():F2} ms "
                + $"of {delays.Count}"
        );

    private sealed record Case(string Name, IPEndPoint Address, Uri Engine)
    {
        public List<double> Calm { get; } = [];
        public List<double> Ending { get; } = [];
        public List<double> Times { get; } = [];
    }
}
