using DeterministicInference.Engine.Scheduling;
using Xunit;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>Requests that end early leave no work and no memory behind.</summary>
public sealed class CancellationTests : SchedulerTestBase
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(10)]
    public async Task Cancelling_stops_the_computation_within_a_step(int stepOfCancellation)
    {
        EmbeddedEngine engine = Load(Limits with { PrefillChunk = 8 });
        var steps = new StepRecorder(engine.Scheduler);
        using var cancel = new CancellationTokenSource();
        Task<GenerationRun>? other = null;
        steps.OnStep = step =>
        {
            if (step == 1)
                other = RunAsync(engine, Request(6, 3, 30));
            if (step == stepOfCancellation)
                cancel.Cancel();
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            RunAsync(engine, Request(5, 40, 400) with { Choices = 2 }, cancel.Token)
        );
        await other!;

        object cancelled = steps.Steps[0][0].Cache;
        Assert.Equal(stepOfCancellation, steps.Steps.Count(rows => StepRecorder.Sequences(rows).Contains(cancelled)));
        Assert.True(steps.Steps.Count >= 30);
        await AssertNothingLeftAsync(engine);
    }

    [Fact]
    public async Task A_cancelled_request_that_waits_is_never_computed()
    {
        EmbeddedEngine engine = Load(Limits with { MaxSequences = 1 });
        var steps = new StepRecorder(engine.Scheduler);
        using var cancel = new CancellationTokenSource();
        steps.OnStep = step =>
        {
            if (step == 5)
                cancel.Cancel();
        };
        steps.Hold();
        Task first = RunAsync(engine, Request(5, 3, 20)),
            waiting = RunAsync(engine, Request(6, 3, 20), cancel.Token),
            third = RunAsync(engine, Request(7, 3, 2));
        steps.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Task.WhenAll(first, third);

        Assert.DoesNotContain(steps.Steps.SelectMany(rows => rows), row => row is { Position: 0, Token: 6 });
        await AssertNothingLeftAsync(engine);
    }

    [Fact]
    public async Task A_reader_that_leaves_ends_the_work()
    {
        EmbeddedEngine engine = Load();
        var steps = new StepRecorder(engine.Scheduler);
        var left = new TaskCompletionSource();
        steps.OnStep = step =>
        {
            if (step == 3)
                Assert.True(left.Task.Wait(StepRecorder.LongestHold));
        };

        await foreach (GenerationEvent _ in engine.Scheduler.Generate(Request(5, 3, 500), Cancellation))
            break;
        left.SetResult();
        await AssertNothingLeftAsync(engine);

        object abandoned = steps.Steps[0][0].Cache;
        Assert.Equal(3, steps.Steps.Count(rows => StepRecorder.Sequences(rows).Contains(abandoned)));
    }

    [Fact]
    public async Task Blocks_do_not_leak_over_many_requests_and_cancellations()
    {
        EmbeddedEngine engine = Load(Limits with { MaxSequences = 6, CacheBytes = 16 * BlockBytes });
        int cancelled = 0,
            done = 0;
        for (int round = 0; round < 10; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(i => OneAsync((ulong)round, i)));
            await AssertNothingLeftAsync(engine);
        }
        Assert.Equal(200, cancelled + done);
        Assert.InRange(cancelled, 20, 180);

        async Task OneAsync(ulong round, int i)
        {
            int Pick(int limit, int what) => SeededValues.Below(limit, round, 10 * i + what);
            GenerationRequest request = Request(5 + i, 1 + Pick(150, 0), Pick(60, 1)) with
            {
                Choices = 1 + Pick(3, 2),
                PromptLogprobs = Pick(4, 3) == 0,
            };
            using var cancel = new CancellationTokenSource();
            int stopAfter = Pick(2, 4) == 0 ? Pick(30, 5) : int.MaxValue,
                events = 0;
            if (stopAfter == 0)
                await cancel.CancelAsync();
            try
            {
                await foreach (GenerationEvent _ in engine.Scheduler.Generate(request, cancel.Token))
                {
                    if (++events == stopAfter)
                        await cancel.CancelAsync();
                }
                Interlocked.Increment(ref done);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
            }
        }
    }
}
