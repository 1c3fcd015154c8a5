namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Time after which an operation counts as stuck; none is expected to come near it.</summary>
internal static class Limits
{
    public static readonly TimeSpan Overall = TimeSpan.FromSeconds(60);

    /// <summary>Between two looks at what gives no event; those that are looked at need the processor.</summary>
    public static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(20);

    /// <summary>The task, or a failure if it is stuck or the test run is cancelled.</summary>
    public static Task<T> Within<T>(this Task<T> task) =>
        task.WaitAsync(Overall, Xunit.TestContext.Current.CancellationToken);

    /// <inheritdoc cref="Within{T}"/>
    public static Task Within(this Task task) => task.WaitAsync(Overall, Xunit.TestContext.Current.CancellationToken);

    /// <summary>Polls until the condition is true, for what gives no event.</summary>
    /// <param name="describe">What there is instead, for the failure.</param>
    public static Task UntilAsync(Func<bool> condition, Func<string> describe) =>
        UntilAsync(() => Task.FromResult(condition()), describe);

    /// <inheritdoc cref="UntilAsync(Func{bool}, Func{string})"/>
    public static async Task UntilAsync(Func<Task<bool>> condition, Func<string> describe)
    {
        using var limit = new CancellationTokenSource(Overall);
        while (!await condition().Within())
        {
            Xunit.Assert.False(limit.IsCancellationRequested, describe());
            await Task.Delay(BetweenLooks, Xunit.TestContext.Current.CancellationToken);
        }
    }
}
