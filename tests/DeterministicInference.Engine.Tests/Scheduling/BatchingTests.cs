using DeterministicInference.Engine.Forward;
using DeterministicInference.Engine.Scheduling;
using Xunit;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>Which rows share a batch, and who waits for whom.</summary>
public sealed class BatchingTests : SchedulerTestBase
{
    [Fact]
    public async Task Two_requests_share_batches()
    {
        EmbeddedEngine engine = Load();
        var steps = new StepRecorder(engine.Scheduler);
        steps.Hold();

        Task<GenerationRun> first = RunAsync(engine, Request(5, 4, 20)),
            second = RunAsync(engine, Request(6, 4, 20));
        steps.Open();
        await Task.WhenAll(first, second);

        // The first may have begun its prompt before the second came.
        Assert.InRange(steps.Steps.Count(rows => StepRecorder.Sequences(rows).Length == 2), 18, 21);
        await AssertNothingLeftAsync(engine);
    }

    [Fact]
    public async Task A_long_prompt_does_not_hold_up_a_running_sequence()
    {
        EmbeddedEngine engine = Load(Limits with { PrefillChunk = 8 });
        var steps = new StepRecorder(engine.Scheduler);
        Task<GenerationRun>? late = null;
        steps.OnStep = step => late ??= step == 3 ? RunAsync(engine, Request(6, 100, 5)) : null;

        await RunAsync(engine, Request(5, 4, 60));
        await late!;

        BatchRow[][] mixed =
        [
            .. steps.Steps.Where(rows => StepRecorder.Sequences(rows).Length == 2 && rows.Length > 2),
        ];
        Assert.Equal(100 / 8 + 1, mixed.Length);
        Assert.All(mixed[..^1], rows => Assert.Equal(9, rows.Length));
        Assert.All(steps.Steps, rows => Assert.InRange(rows.Length, 1, 9));
    }

    [Fact]
    public async Task Requests_are_admitted_in_the_order_of_arrival_when_sequences_are_short()
    {
        EmbeddedEngine engine = Load(Limits with { MaxSequences = 2 });

        int[] order = await OrderOfStartAsync(
            engine,
            Request(5, 3, 20),
            Request(6, 3, 5) with
            {
                Choices = 2,
            },
            Request(7, 3, 1),
            Request(8, 3, 1) with
            {
                Choices = 2,
            }
        );

        Assert.Equal([5, 6, 7, 8], order);
    }

    [Fact]
    public async Task A_small_request_does_not_overtake_one_that_waits_for_memory()
    {
        EmbeddedEngine engine = Load(Limits with { CacheBytes = 3 * BlockBytes });

        // Blocks: 2 of 3 taken; the second needs 2 and waits; the third would fit at once.
        int[] order = await OrderOfStartAsync(engine, Request(5, 60, 40), Request(6, 60, 10), Request(7, 3, 1));

        Assert.Equal([5, 6, 7], order);
    }

    [Fact]
    public async Task Waiting_and_running_requests_are_counted()
    {
        EmbeddedEngine engine = Load(Limits with { MaxSequences = 3 });
        var steps = new StepRecorder(engine.Scheduler);
        List<(int Running, int Waiting)> counts = [];
        steps.OnStep = _ => counts.Add((engine.Scheduler.RunningSequences, engine.Scheduler.WaitingRequests));
        steps.Hold();
        Task[] runs =
        [
            .. Enumerable.Range(5, 4).Select(mark => RunAsync(engine, Request(mark, 3, 8) with { Choices = 2 })),
        ];
        steps.Open();
        await Task.WhenAll(runs);

        Assert.Contains((2, 3), counts);
        Assert.Contains((2, 0), counts);
        Assert.DoesNotContain(counts, count => count.Running > 3);
        Assert.Equal(4 * 2 * 8, engine.Scheduler.GeneratedTokens);
        await AssertNothingLeftAsync(engine);
    }

    [Fact]
    public async Task A_request_that_can_never_run_is_refused()
    {
        EmbeddedEngine engine = Load(Limits with { MaxSequences = 4, CacheBytes = 5 * BlockBytes });
        GenerationRequest[] wrong =
        [
            Request(5, 3, 510),
            Request(5, 3, int.MaxValue),
            Request(5, 3, -1),
            Request(5, 3, 1) with
            {
                Prompt = [],
            },
            Request(5, 3, 1) with
            {
                Choices = 5,
            },
            Request(5, 3, 1) with
            {
                Choices = 0,
            },
            Request(5, 100, 100) with
            {
                Choices = 2,
            },
            Request(5, 3, 1) with
            {
                Prompt = [272],
            },
            Request(5, 3, 1) with
            {
                Prompt = [-1],
            },
            Request(5, 3, 1) with
            {
                Sampling = new() { LogitBias = [new(272, 1f)] },
            },
        ];

        foreach (GenerationRequest request in wrong)
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => RunAsync(engine, request));

        Assert.Equal(0, engine.Scheduler.WaitingRequests);
        Assert.Single((await RunAsync(engine, Request(5, 3, 1))).Tokens());
    }

    [Fact]
    public async Task The_whole_context_can_be_used()
    {
        EmbeddedEngine engine = Load();

        GenerationRun run = await RunAsync(engine, Request(5, 500, 12));

        Assert.Equal(12, run.Tokens().Length);
        Assert.Equal(FinishReason.Length, run.Finish());
    }

    /// <summary>The marks of the requests in the order in which their prompts were computed.</summary>
    private static async Task<int[]> OrderOfStartAsync(EmbeddedEngine engine, params GenerationRequest[] requests)
    {
        var steps = new StepRecorder(engine.Scheduler);
        steps.Hold();
        Task[] runs = [.. requests.Select(request => RunAsync(engine, request))];
        steps.Open();
        await Task.WhenAll(runs);
        await AssertNothingLeftAsync(engine);
        return
        [
            .. steps
                .Steps.SelectMany(rows => rows)
                .Where(row => row.Position == 0)
                .Select(row => row.Token)
                .SkipLast(1),
        ];
    }
}
