using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Supervision;

namespace DeterministicInference.Server.Serve;

/// <summary>
/// Stops <c>serve</c>: readiness is denied, the gateway closes after --pre-stop-delay, requests in flight finish within
/// --drain-timeout, the engine gets SIGTERM and --stop-timeout, and then is killed. The sum of the three is the
/// deadline; a second signal ends all waits.
/// </summary>
internal sealed partial class StopSequence(
    ServeOptions options,
    StopRequest request,
    EngineActivity activity,
    TimeProvider time,
    ILogger logger
)
{
    /// <param name="app">The gateway.</param>
    /// <param name="supervisor">The engine.</param>
    /// <param name="isOrdered">
    /// Whether the stop was requested; otherwise the engine has failed, and there is nothing to wait for.
    /// </param>
    /// <returns>Whether no process of the engine is left.</returns>
    public async Task<bool> RunAsync(WebApplication app, EngineSupervisor supervisor, bool isOrdered)
    {
        if (isOrdered)
        {
            bool delays = options.PreStopDelay > TimeSpan.Zero;
            supervisor.BeginStopping(gatewayIsOpen: delays);
            Stopping(
                request.Reason,
                activity.InFlight,
                options.PreStopDelay.TotalSeconds,
                options.DrainTimeout.TotalSeconds,
                options.StopTimeout.TotalSeconds
            );
            if (delays)
            {
                await DelayAsync(supervisor);
                supervisor.BeginStopping(gatewayIsOpen: false);
            }
        }
        await DrainAsync(app);
        bool isClean = await supervisor.StopAsync(request.Now);
        Stopped();
        return isClean;
    }

    /// <summary>Accepts no new connections; requests in flight continue until the limit.</summary>
    private async Task DrainAsync(WebApplication app)
    {
        using var limit = new TimeLimit(options.DrainTimeout, time, request.Now);
        using var abort = new CancellationTokenSource();
        // Counted before they are aborted.
        await using CancellationTokenRegistration atLimit = limit.Token.Register(() =>
        {
            if (activity.InFlight is > 0 and var count)
                Undrained(count);
            abort.Cancel();
        });
        await app.StopAsync(abort.Token);
    }

    /// <summary>Accepts requests until load balancers have seen that readiness is denied.</summary>
    private async Task DelayAsync(EngineSupervisor supervisor)
    {
        using var limit = new TimeLimit(options.PreStopDelay, time, request.Now);
        // Ends early if the engine ends, as nothing can take requests then.
        await supervisor.EndedAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(
        LogLevel.Information,
        "Stopping ({Reason}): {InFlight} requests in flight may finish within {PreStop:0.#} s + {Drain:0.#} s; "
            + "the engine then has {Stop:0.#} s. A second signal stops at once"
    )]
    private partial void Stopping(string reason, int inFlight, double preStop, double drain, double stop);

    [LoggerMessage(LogLevel.Warning, "{InFlight} requests did not finish in time and are aborted")]
    private partial void Undrained(int inFlight);

    [LoggerMessage(LogLevel.Information, "Stopped")]
    private partial void Stopped();
}
