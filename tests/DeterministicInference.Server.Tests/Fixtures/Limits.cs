namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Time after which an operation counts as stuck; none is expected to come near it.</summary>
internal static class Limits
{
    public static readonly TimeSpan Overall = TimeSpan.FromSeconds(60);

    /// <summary>The task, or a failure if it is stuck or the test run is cancelled.</summary>
    public static Task<T> Within<T>(this Task<T> task) =>
        task.WaitAsync(Overall, Xunit.TestContext.Current.CancellationToken);

    /// <inheritdoc cref="Within{T}"/>
    public static Task Within(this Task task) => task.WaitAsync(Overall, Xunit.TestContext.Current.CancellationToken);
}
