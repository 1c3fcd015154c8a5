using DeterministicInference.Server.Guard;

namespace DeterministicInference.Server.Supervision;

/// <summary>An engine that this server has launched, under guard.</summary>
internal sealed class LaunchedEngine(GuardedProcess process) : SupervisedEngine
{
    /// <summary>
    /// Time for what a crashed engine left, more than its guards wait for it to end by itself.
    /// </summary>
    private static readonly TimeSpan Leftovers = TimeSpan.FromSeconds(1);

    public override bool HasProcess => true;

    public override int? ProcessId => process.EnginePid;

    public override Task Ended => process.Ended;

    public override bool IsGone => process.Exited.IsCompleted;

    public override string DescribeEnd() =>
        process.Ended.IsCompletedSuccessfully
            ? process.Ended.Result.Describe()
            : throw new InvalidOperationException("It has not ended.");

    public override async Task<EngineExit?> ExitedAsync(CancellationToken stop)
    {
        await process.StopAsync(Leftovers, stop).WaitAsync(stop);
        return await process.Exited;
    }

    public override async Task<IReadOnlyList<int>> EndAsync(TimeSpan grace, CancellationToken now)
    {
        await process.StopAsync(grace, now);
        return (await process.Exited).Remaining;
    }

    public override async Task<T?> RunUnlessItEndsAsync<T>(Func<CancellationToken, Task<T>> run, CancellationToken stop)
        where T : default
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<T> running = run(end.Token);
        if (await Task.WhenAny(running, Ended) == running)
            return await running;
        await end.CancelAsync();
        await ((Task)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
        return default;
    }
}
