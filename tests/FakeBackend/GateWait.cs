namespace DeterministicInference.FakeBackend;

/// <summary>Waits at a gate.</summary>
internal static class GateWait
{
    /// <param name="state">Whose gate it is.</param>
    /// <param name="gate">Its name.</param>
    /// <param name="context">The request that waits.</param>
    /// <param name="interval">Time between calls of <paramref name="keepAlive"/>; null is never.</param>
    /// <param name="keepAlive">Keeps the connection alive.</param>
    /// <returns>Whether it opened; else the engine has given up its requests.</returns>
    public static async Task<bool> PassAsync(
        BackendState state,
        string gate,
        HttpContext context,
        TimeSpan? interval = null,
        Func<Task>? keepAlive = null
    )
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, state.GivenUp);
        Task open = state.Gate(gate).Task;
        try
        {
            while (!open.IsCompleted)
            {
                try
                {
                    await open.WaitAsync(interval ?? Timeout.InfiniteTimeSpan, cancellation.Token);
                }
                catch (TimeoutException)
                {
                    await keepAlive!();
                }
            }
            return true;
        }
        catch (OperationCanceledException)
            when (state.GivenUp.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return false;
        }
    }
}
