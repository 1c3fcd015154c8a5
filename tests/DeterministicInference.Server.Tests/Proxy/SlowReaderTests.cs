using System.Diagnostics;
using DeterministicInference.Server.Proxy;
using DeterministicInference.Server.Tests.EndToEnd;
using Xunit;

namespace DeterministicInference.Server.Tests.Proxy;

/// <summary>A client that does not read, in front of an engine that does not stop.</summary>
public sealed class SlowReaderTests
{
    private const long MostPulled = 64 << 20;

    [Fact]
    public async Task A_stream_that_nobody_reads_is_bounded_in_memory_and_cut()
    {
        RawExchange? flood = null;
        var ended = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            if (!x.Body.Contains("flood", StringComparison.Ordinal))
            {
                await Answers.SendAsync(x);
                return;
            }
            flood = x;
            await x.BeginAsync();
            string events = string.Concat(Enumerable.Repeat(Answers.Chunk, 1000));
            try
            {
                while (x.Sent <= 4 * MostPulled) await x.ChunkAsync(events);
            }
            finally
            {
                ended.SetResult();
            }
        });
        await using Door door = await Door.StartAsync(engine.Url);
        using RawConnection connection = await RawConnection.OpenAsync(door.Url);
        long started = Stopwatch.GetTimestamp();
        await connection.SendAsync(RawConnection.Post(ApiClient.Completions, """{"prompt":"flood","stream":true}"""));
        await connection.ReadHeadAsync();
        // Others are served meanwhile.
        await Answers.RequireAsync(door);
        // The engine's connection is closed: that is how it learns that its work is for nobody.
        await ended.Task.Within();
        Assert.InRange(flood!.Sent, 1, MostPulled);
        Assert.True(Stopwatch.GetElapsedTime(started) >= StreamRelay.ReaderPatience - TimeSpan.FromSeconds(1));
        await door.DisposeAsync();
        Assert.Contains(door.Log.All, line => line.Contains("took nothing for 30 s: its stream is cut", StringComparison.Ordinal));
        Assert.Contains(door.Log.All, line => line.Contains("POST /v1/completions 499 ", StringComparison.Ordinal));
        Assert.Equal(0, door.Activity.InFlight);
    }
}
