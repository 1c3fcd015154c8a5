using DeterministicInference.Server.Backends.Guard;

namespace DeterministicInference.Server.Backends;

/// <summary>Waits that do not outlast the engine.</summary>
internal static class EngineWait
{
    /// <summary>Runs until it is done or the engine is at its end, whichever is first.</summary>
    /// <param name="process">The engine, or null for one whose end can't be seen.</param>
    /// <param name="wait">What to do; its token is cancelled at the engine's end.</param>
    /// <param name="stop">Ends the wait with an <see cref="OperationCanceledException"/>.</param>
    /// <returns>What came of it; the default if the engine's end came first.</returns>
    public static async Task<T?> UntilEndAsync<T>(this GuardedProcess? process, Func<CancellationToken, Task<T>> wait, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task<T> waiting = wait(end.Token);
        if (process is not null && await Task.WhenAny(waiting, process.Ended) != waiting)
        {
            await end.CancelAsync();
            await ((Task)waiting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.ThrowIfCancellationRequested();
            return default;
        }
        return await waiting;
    }

    /// <inheritdoc cref="UntilEndAsync{T}"/>
    public static Task UntilEndAsync(this GuardedProcess? process, Func<CancellationToken, Task> wait, CancellationToken stop) =>
        process.UntilEndAsync(async end =>
        {
            await wait(end);
            return true;
        }, stop);
}
