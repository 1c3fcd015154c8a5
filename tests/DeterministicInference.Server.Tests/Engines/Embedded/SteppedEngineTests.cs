using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.Engines.Embedded;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>
/// Invariants between two steps of the engine. The engine waits for the client, so an event that is held back ends in a
/// deadlock, which the overall limit turns into a failure.
/// </summary>
public sealed class SteppedEngineTests
{
    private const int Streams = 8,
        Tokens = 40;

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a\"", 1)]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]", 2)]
    public async Task The_first_token_reaches_the_client_before_the_second_is_computed(
        string path,
        string prompt,
        int events
    )
    {
        await using InProcessEngine server = await InProcessEngine.StartAsync();
        using var read = new ManualResetEventSlim();
        bool stuck = false;
        server.Engine.Scheduler.BeforeStep = _ =>
        {
            // The step after the first token.
            if (server.Engine.Scheduler.GeneratedTokens == 1 && !read.Wait(Limits.Overall))
                stuck = true;
        };
        using EventStream stream = await server.Api.OpenAsync(path, $$"""{{{prompt}},"max_tokens":5,"stream":true}""");
        var chunks = new List<JsonObject>();
        for (int i = 0; i < events; i++)
            chunks.Add((await stream.ReadAsync())!);
        Assert.Equal("b", ChoiceText.Of(chunks)[0].Text);
        Assert.Equal(1, server.Engine.Scheduler.GeneratedTokens);
        read.Set();
        chunks.AddRange(await stream.ReadToEndAsync());
        Assert.Equal(ScriptedModel.Script[..4], ChoiceText.Of(chunks)[0].Text[..4]);
        Assert.False(stuck);
    }

    [Fact]
    public async Task A_step_that_does_not_end_makes_the_engine_unhealthy()
    {
        await using InProcessEngine server = await InProcessEngine.StartAsync(
            new EmbeddedEngineOptions { LongestStep = TimeSpan.FromMilliseconds(100) }
        );
        using var end = new ManualResetEventSlim();
        server.Engine.Scheduler.BeforeStep = _ => end.Wait(Limits.Overall);
        Task<JsonObject> answer = server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"a","max_tokens":1}""");
        await server.Api.AnswersAsync("/health", HttpStatusCode.ServiceUnavailable);
        Assert.Equal("unhealthy", (string?)(await server.Api.GetAsync("/health")).Json["status"]);
        end.Set();
        await answer;
        Assert.Equal("healthy", (string?)(await server.Api.AnswersAsync("/health", HttpStatusCode.OK)).Json["status"]);
    }

    [Fact]
    public async Task Streams_advance_side_by_side()
    {
        await using InProcessEngine server = await InProcessEngine.StartAsync();
        GenerationScheduler scheduler = server.Engine.Scheduler;
        int[] received = new int[Streams];
        using var allArrived = new ManualResetEventSlim();
        using var everythingRead = new SemaphoreSlim(0);
        bool stuck = false;
        int shared = 0;
        scheduler.BeforeStep = rows =>
        {
            // The first request waits for the others, so that none is over before the last one begins.
            stuck |= !allArrived.Wait(Limits.Overall);
            // Every token that exists has been read by its client before the next ones are computed.
            while (received.Sum() < scheduler.GeneratedTokens)
            {
                if (everythingRead.Wait(Limits.Overall))
                    continue;
                stuck = true;
                return;
            }
            if (rows.Select(row => row.Cache).Distinct().Count() == Streams)
                shared++;
        };

        int ended = 0,
            endedBeforeLastBegan = 0;
        Task read = Task.WhenAll(Enumerable.Range(0, Streams).Select(ReadAsync));
        await Limits.UntilAsync(
            () => scheduler.RunningSequences + scheduler.WaitingRequests == Streams,
            () => $"{scheduler.RunningSequences} run, {scheduler.WaitingRequests} wait"
        );
        allArrived.Set();
        await read.Within();
        Assert.False(stuck);
        Assert.Equal(Enumerable.Repeat(Tokens, Streams), received);
        Assert.Equal(0, endedBeforeLastBegan);
        // All but the step of the first request alone, and those until the others are taken from the queue.
        Assert.InRange(shared, Tokens / 2, Tokens);

        async Task ReadAsync(int i)
        {
            using EventStream stream = await server.Api.OpenAsync(
                ApiClient.Completions,
                $$"""{"prompt":"a","max_tokens":{{Tokens}},"ignore_eos":true,"return_token_ids":true,"stream":true}"""
            );
            // What opens the choice has no token.
            await stream.ReadAsync();
            while (await stream.ReadAsync() is not null)
            {
                if (Interlocked.Increment(ref received[i]) == 1)
                    Interlocked.Add(ref endedBeforeLastBegan, Volatile.Read(ref ended));
                everythingRead.Release();
            }
            Interlocked.Increment(ref ended);
        }
    }
}
