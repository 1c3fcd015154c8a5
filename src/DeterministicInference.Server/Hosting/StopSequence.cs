using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// How <c>serve</c> ends: readiness is denied, the door closes after --pre-stop-delay, requests in flight finish within
/// --drain-timeout, the engine gets one SIGTERM and --stop-timeout, what is left is killed. The sum of the three is the
/// deadline; a second signal makes it now.
/// </summary>
internal sealed partial class StopSequence(InferenceOptions options, StopRequest request, EngineActivity activity, ILogger logger)
{
    /// <param name="app">The door.</param>
    /// <param name="supervisor">The engine.</param>
    /// <param name="isOrdered">Whether somebody asked for it; else the engine has failed, and there is nothing to wait for.</param>
    /// <returns>Whether nothing is left.</returns>
    public async Task<bool> RunAsync(WebApplication app, BackendSupervisor supervisor, bool isOrdered)
    {
        if (isOrdered)
        {
            bool delays = options.PreStopDelay > TimeSpan.Zero;
            supervisor.BeginStopping(doorIsOpen: delays);
            Stopping(request.Reason, activity.InFlight, options.PreStopDelay.TotalSeconds, options.DrainTimeout.TotalSeconds, options.StopTimeout.TotalSeconds);
            if (delays)
            {
                await DelayAsync(supervisor);
                supervisor.BeginStopping(doorIsOpen: false);
            }
        }
        await DrainAsync(app);
        bool isClean = await supervisor.StopAsync(request.Now);
        Stopped();
        return isClean;
    }

    /// <summary>No new connection; requests in flight go on until the limit.</summary>
    private async Task DrainAsync(WebApplication app)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(request.Now);
        using var abort = new CancellationTokenSource();
        // Counted before they are broken off.
        await using CancellationTokenRegistration atLimit = limit.Token.Register(() =>
        {
            if (activity.InFlight is > 0 and var count) Undrained(count);
            abort.Cancel();
        });
        limit.CancelAfter(options.DrainTimeout);
        await app.StopAsync(abort.Token);
    }

    /// <summary>New requests still come until everybody has seen that readiness is denied.</summary>
    private async Task DelayAsync(BackendSupervisor supervisor)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(request.Now);
        limit.CancelAfter(options.PreStopDelay);
        // Ends early where there is no engine any more that could take them.
        await supervisor.EndedAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(LogLevel.Information, "Stopping ({Reason}): requests in flight may finish; {InFlight} are; at most {PreStop:0.#} s + {Drain:0.#} s, then {Stop:0.#} s for the engine")]
    private partial void Stopping(string reason, int inFlight, double preStop, double drain, double stop);

    [LoggerMessage(LogLevel.Warning, "{InFlight} requests did not finish in time and are broken off")]
    private partial void Undrained(int inFlight);

    [LoggerMessage(LogLevel.Information, "Stopped")]
    private partial void Stopped();
}
