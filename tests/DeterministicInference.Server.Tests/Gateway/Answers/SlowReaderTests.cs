using DeterministicInference.Receipts.Statements;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>A client that does not read, in front of an engine that does not stop.</summary>
public sealed class SlowReaderTests
{
    private const long MostPulled = 64 << 20;

    /// <summary>
    /// An event that is more than the system keeps for a reader, so that the write of it is the one that waits.
    /// </summary>
    private static readonly string Large =
        $$"""data: {"choices":[{"index":0,"text":"{{new string('x', 14 << 20)}}","finish_reason":null}]}""" + "\n\n";

    [Fact]
    public async Task A_stream_that_nobody_reads_is_bounded_in_memory_and_cut()
    {
        RawExchange? flood = null;
        var ended = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            if (!x.Body.Contains("flood", StringComparison.Ordinal))
            {
                await ScriptedAnswers.SendAsync(x);
                return;
            }
            flood = x;
            await x.BeginAsync();
            string events = string.Concat(Enumerable.Repeat(ScriptedAnswers.Chunk, 1000));
            try
            {
                await x.ChunkAsync(Large);
                while (x.Sent <= 4 * MostPulled)
                    await x.ChunkAsync(events);
            }
            finally
            {
                ended.SetResult();
            }
        });
        var time = new ManualTime();
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, RunningGateway.Options, time);
        TimeSpan patience = RunningGateway.Options.SlowReaderTimeout;
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(RawConnection.Post(ApiClient.Completions, """{"prompt":"flood","stream":true}"""));
        await connection.ReadHeadAsync();
        // The only timer of this length so far, as the write is the first one, and goes on until it is cut.
        await time.TimerAsync(patience);
        // Other clients are served meanwhile.
        await ScriptedAnswers.RequireAsync(gateway);
        time.Advance(patience - TimeSpan.FromMilliseconds(1));
        await ScriptedAnswers.RequireAsync(gateway);
        Assert.False(ended.Task.IsCompleted);
        time.Advance(TimeSpan.FromMilliseconds(1));
        // The engine's connection is closed, which tells the engine to stop.
        await ended.Task.Within();
        Assert.InRange(flood!.Sent, 1, MostPulled);
        await gateway.DisposeAsync();
        Assert.Contains(
            gateway.Log.All,
            line => line.Contains("read nothing for 30 s; its connection is closed", StringComparison.Ordinal)
        );
        Assert.Contains(gateway.Log.All, line => line.Contains("POST /v1/completions 499 ", StringComparison.Ordinal));
        Assert.Equal(0, gateway.Activity.InFlight);
    }

    /// <summary>A receipt that calls a stream complete is signed after its events were handed over.</summary>
    [Fact]
    public async Task A_stream_that_is_cut_behind_its_last_event_is_not_called_complete()
    {
        await using RawEngine engine = RawEngine.Start(x =>
            x.AnswerAsync("text/event-stream", Large + ScriptedAnswers.Last + ScriptedAnswers.Done)
        );
        var time = new ManualTime();
        await using RunningGateway gateway = await RunningGateway.StartWithReceiptsAsync(engine.Url, time: time);
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(RawConnection.Post(ApiClient.Completions, """{"prompt":"x","stream":true}"""));
        string head = await connection.ReadHeadAsync();
        TimeSpan patience = RunningGateway.Options.SlowReaderTimeout;
        await time.TimerAsync(patience);
        time.Advance(patience);
        string id = head.Split("X-Receipt-Id: ")[1].Split('\r')[0];
        Reply receipt = await gateway.Api.AnswersAsync($"/v1/receipts/{id}", System.Net.HttpStatusCode.OK);
        byte[] json = System.Text.Encoding.UTF8.GetBytes(receipt.Body);
        Assert.False(StatementReader.Read(Receipt.FromJson(json).Statement).Complete);
    }
}
