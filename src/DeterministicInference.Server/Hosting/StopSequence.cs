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
        using (var drain = CancellationTokenSource.CreateLinkedTokenSource(request.Now))
        {
            drain.CancelAfter(options.DrainTimeout);
            await app.StopAsync(drain.Token);
            if (drain.IsCancellationRequested && activity.InFlight > 0) Undrained(activity.InFlight);
        }
        bool isClean = await supervisor.StopAsync(request.Now);
        Stopped();
        return isClean;
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

    [LoggerMessage(LogLevel.Warning, "{InFlight} requests did not finish in time and were broken off")]
    private partial void Undrained(int inFlight);

    [LoggerMessage(LogLevel.Information, "Stopped")]
    private partial void Stopped();
}
