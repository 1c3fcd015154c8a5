using DeterministicInference.Engine.Forward;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tests.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Scheduling;

/// <summary>A tiny random model and engines on it.</summary>
public abstract class SchedulerTestBase : IDisposable
{
    private readonly TemporaryModel _model = new();
    private readonly List<EmbeddedEngine> _engines = [];

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private protected static SchedulerLimits Limits => TemporaryModel.Limits;

    /// <summary>
    /// Bytes of one block of the tiny model's cache: layers · (keys, values) · kv heads · positions · padded width.
    /// </summary>
    private protected static long BlockBytes => 2L * 2 * 2 * KeyValueBlock.Positions * 16 * sizeof(float);

    public void Dispose()
    {
        _engines.ForEach(engine => engine.Dispose());
        _model.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected EmbeddedEngine Load(SchedulerLimits? limits = null)
    {
        EmbeddedEngine engine = _model.Load(limits);
        _engines.Add(engine);
        return engine;
    }

    /// <summary>A request whose first prompt token is <paramref name="mark"/>, so that its rows can be told.</summary>
    private protected static GenerationRequest Request(int mark, int promptTokens, int maxTokens) =>
        new()
        {
            Prompt = [mark, .. WorkloadDigest.Prompt(TemporaryModel.Tiny.Vocabulary, mark, promptTokens - 1)],
            MaxTokens = maxTokens,
            IgnoreEndTokens = true,
        };

    private protected static Task<GenerationRun> RunAsync(
        EmbeddedEngine engine,
        GenerationRequest request,
        CancellationToken? cancellation = null
    ) => GenerationRun.OfAsync(engine, request, cancellation ?? Cancellation);

    /// <summary>
    /// All caches are free again. A request that ends now has seen everything cancelled before it dropped.
    /// </summary>
    private protected static async Task AssertNothingLeftAsync(EmbeddedEngine engine)
    {
        await RunAsync(engine, Request(9, 2, 1));
        Assert.Equal((0, 0), engine.Scheduler.CacheBlocks);
        Assert.Equal((0, 0), (engine.Scheduler.RunningSequences, engine.Scheduler.WaitingRequests));
    }
}
