using System.Diagnostics;
using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>One start of an engine: what must be out of the way, the launch, and the wait until it answers.</summary>
internal sealed partial class EngineStart(
    IBackend backend, InferenceOptions options, MachineFacts machine, BackendStatus status, BackendProbe probe, EngineOutput output, ILogger logger)
{
    private static readonly TimeSpan ShortestProbe = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestReclaim = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    /// <summary>Starts the engine's process, once leftovers are gone and its port is free.</summary>
    /// <exception cref="BackendFailureException">It can't be started.</exception>
    public async Task<GuardedProcess> LaunchAsync(CancellationToken stop)
    {
        BackendLaunch launch = backend.Launch(options, machine)!;
        try
        {
            await ReclaimAsync(stop);
            if (await EnginePort.FindProblemAsync(options.BackendHost, options.BackendPort, stop) is { } problem) throw new BackendFailureException(problem);
            output.BeginEngine();
            Starting(backend.Title, options.ModelPath ?? options.ModelName);
            if (logger.IsEnabled(LogLevel.Debug)) Launching(launch.Describe());
            return GuardedProcess.Start(launch, new GuardSettings(StateHome.Engines) { Grace = options.StopTimeout }, output.Add);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackendFailureException($"{backend.Title} can't be launched: {e.Message}");
        }
    }

    /// <summary>Waits until the engine answers.</summary>
    /// <param name="process">Its process, whose end ends the wait; null for one that was only attached to.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>How much of <c>--backend-startup-timeout</c> is left, at least a second.</returns>
    /// <exception cref="BackendFailureException">It has ended, or takes too long.</exception>
    public async Task<TimeSpan> AwaitHealthyAsync(GuardedProcess? process, CancellationToken stop)
    {
        long began = Stopwatch.GetTimestamp(), reported = began;
        while (true)
        {
            TimeSpan left = options.BackendStartupTimeout - Stopwatch.GetElapsedTime(began);
            string? problem = await process.UntilEndAsync(end => probe.AskAsync(deep: false, end, left > ShortestProbe ? left : ShortestProbe), stop);
            await RequireAliveAsync(process, stop);
            if (problem is null) return left > ShortestProbe ? left : ShortestProbe;

            TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
            if (elapsed > options.BackendStartupTimeout)
            {
                throw new BackendFailureException($"{backend.Title} is not ready after {options.BackendStartupTimeout.TotalSeconds:F0} s ({problem}). Raise --backend-startup-timeout if it only needs longer.");
            }
            status.Set(new BackendState.Starting($"{problem}, {elapsed.TotalSeconds:F0} s"));
            if (Stopwatch.GetElapsedTime(reported) > ProgressInterval)
            {
                reported = Stopwatch.GetTimestamp();
                StillStarting(backend.Title, elapsed.TotalSeconds, problem!, output.LastLines is [.., var last] ? last : "no output yet");
            }
            await process.UntilEndAsync(end => Task.Delay(Interval, end), stop);
        }
    }

    /// <exception cref="BackendFailureException">It has ended.</exception>
    public async Task RequireAliveAsync(GuardedProcess? process, CancellationToken stop)
    {
        if (process is { Ended.IsCompleted: true }) throw EarlyExit(await process.Exited.WaitAsync(stop));
    }

    /// <summary>Ends what an earlier server of ours left behind, which may hold the port and the GPU.</summary>
    private async Task ReclaimAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LongestReclaim);
        try
        {
            IReadOnlyList<int> ended = await GuardReclaim.RunAsync(StateHome.Engines, limit.Token);
            if (ended.Count > 0) Reclaimed(string.Join(' ', ended));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new BackendFailureException($"processes that an earlier server left behind do not end within {LongestReclaim.TotalSeconds:F0} s; see the state files in {StateHome.Engines}.");
        }
    }

    private BackendFailureException EarlyExit(EngineExit exit)
    {
        if (exit is EngineExit.NotStarted { IsMissing: true }) return new($"'{backend.Launch(options, machine)!.File}' was not found. {backend.MissingExecutableRemedy}");
        if (exit is EngineExit.NotStarted) return new($"{backend.Title} {exit.Describe()}.");
        bool lacksModule = output.LastLines.Any(line => line.Contains("No module named", StringComparison.Ordinal));
        return new($"{backend.Title} {exit.Describe()} before it was ready. {(lacksModule ? backend.MissingExecutableRemedy : "Its last lines say why.")}");
    }

    [LoggerMessage(LogLevel.Information, "Starting {Engine} with model: {Model}")]
    private partial void Starting(string engine, string model);

    [LoggerMessage(LogLevel.Debug, "Launching: {Command}")]
    private partial void Launching(string command);

    [LoggerMessage(LogLevel.Warning, "Ended processes that an earlier server left behind: {Pids}")]
    private partial void Reclaimed(string pids);

    [LoggerMessage(LogLevel.Information, "Waiting for {Engine}: {Seconds:F0} s, {Problem}; its last line: {Line}")]
    private partial void StillStarting(string engine, double seconds, string problem, string line);
}

/// <summary>The engine can't be started or has ended; the message has the remedy.</summary>
internal sealed class BackendFailureException(string message) : Exception(message);
