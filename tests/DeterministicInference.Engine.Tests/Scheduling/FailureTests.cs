using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tests.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>Nobody waits for a scheduler that has failed or was stopped.</summary>
public sealed class FailureTests : SchedulerTestBase
{
    // A reader that nobody completes would wait for ever.
    private const int MillisecondsToWait = 60_000;

    [Fact(Timeout = MillisecondsToWait)]
    public async Task A_failed_step_reaches_every_reader_and_ends_the_engine()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        EmbeddedEngine engine = Load(Limits with { MaxSequences = 1 });
        var defect = new InvalidDataException("defect");
        var steps = new StepRecorder(engine.Scheduler)
        {
            OnStep = step =>
            {
                if (step == 4)
                    throw defect;
            },
        };
        steps.Hold();
        Task running = RunAsync(engine, Request(5, 3, 20), cancellation),
            waiting = RunAsync(engine, Request(6, 3, 20), cancellation);
        steps.Open();

        Assert.Same(defect, (await Assert.ThrowsAsync<InvalidOperationException>(() => running)).InnerException);
        Assert.Same(defect, (await Assert.ThrowsAsync<InvalidOperationException>(() => waiting)).InnerException);
        Assert.Same(defect, await Assert.ThrowsAsync<InvalidDataException>(() => engine.Scheduler.Failure));
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(engine, Request(7, 3, 1), cancellation));
    }

    [Fact(Timeout = MillisecondsToWait)]
    public async Task Tokens_before_the_failure_are_still_delivered()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        EmbeddedEngine engine = Load();
        _ = new StepRecorder(engine.Scheduler)
        {
            OnStep = step =>
            {
                if (step == 4)
                    throw new InvalidDataException("defect");
            },
        };
        int tokens = 0;

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (GenerationEvent _ in engine.Scheduler.Generate(Request(5, 3, 20), cancellation))
                tokens++;
        });

        Assert.Equal(3, tokens);
    }

    [Fact(Timeout = MillisecondsToWait)]
    public async Task Disposing_ends_running_and_waiting_requests_with_an_error()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        // So long a text that it can't be finished by chance before the engine is disposed.
        using TemporaryModel model = new(TemporaryModel.Tiny with { MaxPositions = 200_000 });
        EmbeddedEngine engine = model.Load(Limits with { MaxSequences = 1, CacheBytes = 1L << 40 });
        await using IAsyncEnumerator<GenerationEvent> running = engine
            .Scheduler.Generate(Request(5, 3, 190_000), cancellation)
            .GetAsyncEnumerator(cancellation);
        Assert.True(await running.MoveNextAsync());
        Task<GenerationRun> waiting = RunAsync(engine, Request(6, 3, 5), cancellation);

        engine.Dispose();

        await Assert.ThrowsAsync<InvalidOperationException>(() => waiting);
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            while (await running.MoveNextAsync()) { }
        });
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => RunAsync(engine, Request(7, 3, 5), cancellation));
        engine.Dispose();
    }
}
