using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Supervision;

/// <summary>Probes a running engine periodically, and listens to what it says about its own end.</summary>
/// <param name="probe">Probes the engine.</param>
/// <param name="output">The engine's lines.</param>
/// <param name="look">Looks each second at what costs little.</param>
/// <param name="hangAfter">An engine without a sign of life for this long hangs.</param>
/// <param name="time">The clock.</param>
internal sealed class EngineWatch(
    EngineProbe probe,
    EngineOutput output,
    Func<CancellationToken, Task> look,
    TimeSpan hangAfter,
    TimeProvider time
)
{
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(5),
        ShortestInterval = TimeSpan.FromMilliseconds(100),
        LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>Interval between probes.</summary>
    private readonly TimeSpan _interval = TimeSpan.FromTicks(
        Math.Clamp((hangAfter / 10).Ticks, ShortestInterval.Ticks, LongestInterval.Ticks)
    );

    /// <summary>Waits until the next probe is due, and probes. Both end early if the engine ends.</summary>
    /// <returns>
    /// Null if the engine is healthy, has ended, or says that it is ending: then a probe that passes says nothing.
    /// </returns>
    public async Task<ProbeProblem?> NextAsync(SupervisedEngine engine, EngineHealth health, CancellationToken stop)
    {
        // The reason follows within a moment after an engine has said that it is ending, so it is looked at often.
        TimeSpan pause = health.IsEnding ? ShortestInterval : _interval;
        await UnlessItEndsAsync(engine, health, end => PauseAsync(pause, end), stop);
        ProbeProblem? problem = null;
        if (!health.IsBeyondProbes)
        {
            await UnlessItEndsAsync(
                engine,
                health,
                async end => problem = await probe.AskAsync(health.IsSuspect, end),
                stop
            );
        }
        return problem;
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken end)
    {
        for (TimeSpan left = pause; left > TimeSpan.Zero; left -= LookInterval)
        {
            await Task.Delay(left < LookInterval ? left : LookInterval, time, end);
            await look(end);
        }
    }

    /// <summary>Runs until it is done, the engine has ended, or says for the first time that it is ending.</summary>
    private async Task UnlessItEndsAsync(
        SupervisedEngine engine,
        EngineHealth health,
        Func<CancellationToken, Task> run,
        CancellationToken stop
    ) =>
        await engine.RunUnlessItEndsAsync(
            async end =>
            {
                if (health.IsEnding)
                {
                    await run(end);
                    return;
                }
                using var over = CancellationTokenSource.CreateLinkedTokenSource(end);
                Task running = run(over.Token);
                if (await Task.WhenAny(running, output.Ending) != running)
                {
                    await over.CancelAsync();
                    await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    stop.ThrowIfCancellationRequested();
                    return;
                }
                await running;
            },
            stop
        );
}
