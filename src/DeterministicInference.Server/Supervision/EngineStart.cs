using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Supervision;

/// <summary>One start of an engine: clears leftovers, launches the process, and waits until it answers.</summary>
/// <param name="engine">The engine.</param>
/// <param name="options">Settings.</param>
/// <param name="guard">Settings of the guards.</param>
/// <param name="progress">Notified of the progress.</param>
/// <param name="probe">Probes the engine.</param>
/// <param name="output">Receives the engine's lines.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The engine's logger.</param>
internal sealed partial class EngineStart(
    IEngineKind engine,
    ServeOptions options,
    GuardSettings guard,
    Action<string> progress,
    EngineProbe probe,
    EngineOutput output,
    TimeProvider time,
    ILogger logger
)
{
    private const string Needs = "The server needs free descriptors, processes and memory";

    private static readonly TimeSpan ShortestProbe = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestReclaim = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    /// <summary>Starts the engine's process, once leftovers are gone and its port is free.</summary>
    /// <exception cref="EngineFailureException">The engine can't be started.</exception>
    public LaunchedEngine Launch(EngineLaunch launch, EngineEndpoint endpoint)
    {
        try
        {
            output.BeginEngine();
            Starting(engine.Title, options.ModelPath ?? options.ModelName);
            if (logger.IsEnabled(LogLevel.Debug))
                Launching(launch.Describe());
            return new LaunchedEngine(
                GuardedProcess.Start(
                    launch,
                    guard with
                    {
                        Tag = GuardSettings.NewTag(),
                        EngineFolder =
                            endpoint.SocketPath is not null || launch.Files.Count > 0 ? endpoint.Folder : null,
                    },
                    output.Add
                )
            );
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            throw NotLaunched(e);
        }
    }

    private EngineFailureException NotLaunched(Exception e) =>
        new(
            $"{engine.Title} can't be launched: {e.Message.TrimEnd('.')}. {Needs} and write access to "
                + $"{guard.GuardStateDirectory}, which --data-dir or XDG_STATE_HOME moves."
        );

    /// <summary>
    /// Waits until the engine answers. One that still writes lines, such as while a large model loads, is waited for
    /// twice as long.
    /// </summary>
    /// <param name="running">The engine; its end ends the wait.</param>
    /// <param name="launch">The launch; null for an attached engine.</param>
    /// <param name="stop">Cancels the wait.</param>
    /// <returns>The rest of <c>--backend-startup-timeout</c>, at least a second.</returns>
    /// <exception cref="EngineFailureException">The engine has ended, or takes too long.</exception>
    public async Task<TimeSpan> AwaitHealthyAsync(
        SupervisedEngine running,
        EngineLaunch? launch,
        CancellationToken stop
    )
    {
        long began = time.GetTimestamp(),
            reported = began,
            wrote = began,
            lines = output.Count;
        TimeSpan limit = options.BackendStartupTimeout;
        while (true)
        {
            TimeSpan left = limit - time.GetElapsedTime(began);
            ProbeProblem? problem = await running.RunUnlessItEndsAsync(
                end => probe.AskAsync(deep: false, end, left > ShortestProbe ? left : ShortestProbe),
                stop
            );
            await RequireAliveAsync(running, launch, stop);
            if (problem is null)
                return left > ShortestProbe ? left : ShortestProbe;

            TimeSpan elapsed = time.GetElapsedTime(began);
            if (elapsed > limit && launch is null)
                throw new EngineFailureException(EngineUnreachable.Of(options.BackendUrl!, problem));
            if (lines != output.Count)
                (wrote, lines) = (time.GetTimestamp(), output.Count);
            bool writes = time.GetElapsedTime(wrote) < options.BackendStartupTimeout / 10;
            if (elapsed > limit && writes && limit == options.BackendStartupTimeout)
            {
                limit *= 2;
                StillWrites(engine.Title, elapsed.TotalSeconds, limit.TotalSeconds);
            }
            bool isSilent = limit > options.BackendStartupTimeout && !writes;
            if (elapsed > limit || isSilent)
            {
                throw new EngineFailureException(
                    $"{engine.Title} is not ready after {(elapsed < limit ? elapsed : limit).TotalSeconds:F0} s "
                        + $"({problem.Text}). Raise --backend-startup-timeout if it only needs more time."
                );
            }
            string phase = output.Phase is { } text ? $"; loading: {text}" : "",
                extension = limit > options.BackendStartupTimeout
                    ? $"; it still writes lines and has until {limit.TotalSeconds:F0} s"
                    : "";
            progress($"{problem.Text}, {elapsed.TotalSeconds:F0} s{phase}{extension}");
            if (time.GetElapsedTime(reported) > ProgressInterval)
            {
                reported = time.GetTimestamp();
                if (launch is null)
                    StillAttaching(engine.Title, elapsed.TotalSeconds, problem.Text);
                else
                    StillStarting(
                        engine.Title,
                        elapsed.TotalSeconds,
                        problem.Text,
                        output.LastLines is [.., var last] ? last : "no output yet"
                    );
            }
            await running.RunUnlessItEndsAsync(end => Task.Delay(Interval, time, end), stop);
        }
    }

    /// <exception cref="EngineFailureException">The engine has ended.</exception>
    public async Task RequireAliveAsync(SupervisedEngine running, EngineLaunch? launch, CancellationToken stop)
    {
        if (running.HasEnded && await running.ExitedAsync(stop) is { } exit)
            throw EarlyExit(exit, launch);
    }

    /// <summary>Ends processes that an earlier server left behind, which may hold the port and the GPU.</summary>
    /// <exception cref="EngineFailureException">They do not end, or the folder of their records fails.</exception>
    public async Task ReclaimAsync(CancellationToken stop)
    {
        using var limit = new TimeLimit(LongestReclaim, time, stop);
        try
        {
            IReadOnlyList<int> ended = await GuardReclaim.RunAsync(guard.GuardStateDirectory, limit.Token);
            if (ended.Count > 0)
                Reclaimed(string.Join(' ', ended));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new EngineFailureException(
                $"processes that an earlier server left behind do not end within {LongestReclaim.TotalSeconds:F0} s; "
                    + $"see the state files in {guard.GuardStateDirectory}."
            );
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            throw NotLaunched(e);
        }
    }

    private EngineFailureException EarlyExit(EngineExit exit, EngineLaunch? launch)
    {
        if (exit is EngineExit.NotStarted { IsMissing: true })
        {
            // The same error if the file has gone since it was looked up, and if it is a script whose interpreter is
            // missing (https://man7.org/linux/man-pages/man2/execve.2.html, ENOENT).
            return ExecutableLookup.Find(launch!.File, EnvironmentVariables.OfProcess()) is { } file
                ? new(
                    $"The interpreter that the first line of '{file}' names was not found. "
                        + engine.Launcher?.MissingRemedy
                )
                : new($"'{launch.File}' was not found. {engine.Launcher?.MissingRemedy}");
        }
        if (exit is EngineExit.NotStarted)
        {
            return new(
                $"{engine.Title} {exit.Describe()}. "
                    + (
                        exit is EngineExit.NotStarted { IsUnusable: true }
                            ? "Name a program of this machine with --backend-command."
                            : $"{Needs}."
                    )
            );
        }
        if (output.LastLines.Any(line => engine.Launcher?.SaysItIsMissing(line) == true))
        {
            return new($"{engine.Title} {exit.Describe()} before it was ready. {engine.Launcher!.MissingRemedy}");
        }
        string remedy =
            exit.LeftBehind.Count > 0
                ? " They were ended. Start the engine in the foreground: as the script's last command, with exec and "
                    + "without &."
            : output.Cause is null ? " Its last lines say why."
            : "";
        return new($"{engine.Title} {output.Explain(exit, "before it was ready")}{remedy}");
    }

    [LoggerMessage(LogLevel.Information, "Starting {Engine} with model: {Model}")]
    private partial void Starting(string engine, string model);

    [LoggerMessage(LogLevel.Debug, "Launching: {Command}")]
    private partial void Launching(string command);

    [LoggerMessage(LogLevel.Warning, "Ended processes that an earlier server left behind: {Pids}")]
    private partial void Reclaimed(string pids);

    [LoggerMessage(
        LogLevel.Information,
        "{Engine} is not ready after {Seconds:F0} s but still writes lines; waiting up to {Limit:F0} s "
            + "(--backend-startup-timeout)"
    )]
    private partial void StillWrites(string engine, double seconds, double limit);

    [LoggerMessage(LogLevel.Information, "Waiting for {Engine} of --backend-url: {Seconds:F0} s, {Problem}")]
    private partial void StillAttaching(string engine, double seconds, string problem);

    [LoggerMessage(LogLevel.Information, "Waiting for {Engine}: {Seconds:F0} s, {Problem}; its last line: {Line}")]
    private partial void StillStarting(string engine, double seconds, string problem, string line);
}
