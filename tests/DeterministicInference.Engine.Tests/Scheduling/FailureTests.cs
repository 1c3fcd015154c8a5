using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tests.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>Nobody waits for a scheduler that has failed or was stopped.</summary>
public sealed class FailureTests : SchedulerTestBase
{
    [Fact]
    public async Task A_failed_step_reaches_every_reader_and_ends_the_engine()
    {
        EmbeddedEngine engine = Load(Limits with { MaxSequences = 1 });
        var defect = new InvalidDataException("defect");
        var steps = new StepRecorder(engine.Scheduler)
        {
            OnStep = step =>
            {
                if (step == 4) throw defect;
            },
        };
        steps.Hold();
        Task running = RunAsync(engine, Request(5, 3, 20)), waiting = RunAsync(engine, Request(6, 3, 20));
        steps.Open();

        Assert.Same(defect, (await Assert.ThrowsAsync<InvalidOperationException>(() => running)).InnerException);
        Assert.Same(defect, (await Assert.ThrowsAsync<InvalidOperationException>(() => waiting)).InnerException);
        Assert.Same(defect, await Assert.ThrowsAsync<InvalidDataException>(() => engine.Scheduler.Failure));
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(engine, Request(7, 3, 1)));
    }

    [Fact]
    public async Task Tokens_before_the_failure_are_still_delivered()
    {
        EmbeddedEngine engine = Load();
        _ = new StepRecorder(engine.Scheduler)
        {
            OnStep = step =>
            {
                if (step == 4) throw new InvalidDataException("defect");
            },
        };
        int tokens = 0;

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (GenerationEvent _ in engine.Scheduler.Generate(Request(5, 3, 20), Cancellation)) tokens++;
        });

        Assert.Equal(3, tokens);
    }

    [Fact]
    public async Task Disposing_ends_running_and_waiting_requests_with_an_error()
    {
        // So long a text that it can't be finished by chance before the engine is disposed.
        using TemporaryModel model = new(TemporaryModel.Tiny with { MaxPositions = 200_000 });
        EmbeddedEngine engine = model.Load(Limits with { MaxSequences = 1, CacheBytes = 1L << 40 });
        await using IAsyncEnumerator<GenerationEvent> running = engine.Scheduler.Generate(Request(5, 3, 190_000), Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await running.MoveNextAsync());
        Task<GenerationRun> waiting = RunAsync(engine, Request(6, 3, 5));

        engine.Dispose();

        await Assert.ThrowsAsync<InvalidOperationException>(() => waiting);
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            while (await running.MoveNextAsync())
            {
            }
        });
        await Assert.ThrowsAnyAsync<InvalidOperationException>(() => RunAsync(engine, Request(7, 3, 5)));
        engine.Dispose();
    }
}
