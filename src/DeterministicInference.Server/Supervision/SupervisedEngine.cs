using DeterministicInference.Server.Guard;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// The engine as seen by the supervisor: a process (<see cref="LaunchedEngine"/>), or none for an attached engine and
/// between two launches.
/// </summary>
internal abstract class SupervisedEngine
{
    public static SupervisedEngine NoProcess { get; } = new NoEngineProcess();

    /// <summary>Whether there is a process to watch, end and restart.</summary>
    public abstract bool HasProcess { get; }

    /// <summary>The process that was started; null without one, and until it is known.</summary>
    public virtual int? ProcessId => null;

    /// <summary>Completes when the main process has ended; never without one.</summary>
    public abstract Task Ended { get; }

    public bool HasEnded => Ended.IsCompleted;

    /// <summary>Whether no process is left.</summary>
    public abstract bool IsGone { get; }

    /// <summary>
    /// How the engine ended: completes a sentence that begins with the engine. Valid only after the end.
    /// </summary>
    public abstract string DescribeEnd();

    /// <summary>
    /// How the engine, whose end was seen, has ended: once its last line was delivered and no process is left but those
    /// that can't be killed; null without a process.
    /// </summary>
    public abstract Task<EngineExit?> ExitedAsync(CancellationToken stop);

    /// <summary>Ends the engine and all of its processes.</summary>
    /// <param name="grace">Time for a regular end after SIGTERM.</param>
    /// <param name="now">Ends the grace period.</param>
    /// <returns>Processes that could not be ended.</returns>
    public abstract Task<IReadOnlyList<int>> EndAsync(TimeSpan grace, CancellationToken now);

    /// <summary>Runs until it is done or the engine has ended, whichever is first.</summary>
    /// <param name="run">The action; its token is cancelled when the engine ends.</param>
    /// <param name="stop">
    /// Cancels the wait, which then throws an <see cref="OperationCanceledException"/>.
    /// </param>
    /// <returns>The result; the default if the engine ended first.</returns>
    public abstract Task<T?> RunUnlessItEndsAsync<T>(Func<CancellationToken, Task<T>> run, CancellationToken stop);

    /// <inheritdoc cref="RunUnlessItEndsAsync{T}"/>
    public Task RunUnlessItEndsAsync(Func<CancellationToken, Task> run, CancellationToken stop) =>
        RunUnlessItEndsAsync(
            async end =>
            {
                await run(end);
                return true;
            },
            stop
        );

    private sealed class NoEngineProcess : SupervisedEngine
    {
        private readonly TaskCompletionSource _never = new();

        public override bool HasProcess => false;

        public override Task Ended => _never.Task;

        public override bool IsGone => true;

        public override string DescribeEnd() => throw new InvalidOperationException("There is no process.");

        public override Task<EngineExit?> ExitedAsync(CancellationToken stop) => Task.FromResult<EngineExit?>(null);

        public override Task<IReadOnlyList<int>> EndAsync(TimeSpan grace, CancellationToken now) =>
            Task.FromResult<IReadOnlyList<int>>([]);

        public override async Task<T?> RunUnlessItEndsAsync<T>(
            Func<CancellationToken, Task<T>> run,
            CancellationToken stop
        )
            where T : default => await run(stop);
    }
}
