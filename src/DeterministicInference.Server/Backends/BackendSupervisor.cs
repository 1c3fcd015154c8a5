using System.Diagnostics;
using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// Launches the engine, waits until it is ready, watches it and ends it. The only writer of <see cref="BackendStatus"/>.
/// </summary>
internal sealed partial class BackendSupervisor : IAsyncDisposable
{
    private const int UnhealthyAfter = 3;
    private static readonly TimeSpan StartInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestReclaim = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(10);

    private readonly IBackend _backend;
    private readonly InferenceOptions _options;
    private readonly BackendStatus _status;
    private readonly ILogger _logger;
    private readonly EngineOutput _output;
    private readonly BackendProbe _probe;
    private GuardedProcess? _process;

    /// <summary>Where the guards keep what the next start needs to recognise leftovers (XDG base directory specification).</summary>
    private static string StateFolder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state ? state : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
        "deterministic-inference", "engines");

    public BackendSupervisor(IBackend backend, InferenceOptions options, BackendStatus status, ILoggerFactory loggers)
    {
        _backend = backend;
        _options = options;
        _status = status;
        string module = $"deterministic_inference.backends.{backend.Name}";
        _logger = loggers.CreateLogger(module);
        _output = new EngineOutput(loggers, module + ".engine", SecretMask.Of(options, EnvironmentVariables.OfProcess()));
        _probe = new BackendProbe(backend, status.Address);
    }

    /// <summary>Runs until the engine fails or the token ends it. A failure is in the status, with its reason.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            if (_options.BackendUrl is null) await LaunchAsync(stop);
            else Attaching(_backend.Title, _status.Address);
            await AwaitReadyAsync(stop);
            _status.Set(new BackendState.Ready(_status.Address));
            IsReady(_backend.Title);
            await WatchAsync(stop);
        }
        catch (BackendFailureException e)
        {
            _status.Set(new BackendState.Failed(e.Message, _output.LastLines));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Asked to stop; StopAsync ends the engine once the requests in flight are done.
        }
    }

    /// <summary>From now on no request is taken.</summary>
    public void BeginStopping() => _status.Set(new BackendState.Stopping(null));

    /// <summary>Ends the engine and everything that it started; returns when nothing is left.</summary>
    /// <param name="now">Ends the grace at once.</param>
    public async Task StopAsync(CancellationToken now)
    {
        if (_process is null || _process.Exited.IsCompleted) return;
        Ending(_backend.Title);
        await _process.StopAsync(_options.StopTimeout, now);
        Ended(_backend.Title);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _probe.Dispose();
    }

    private async Task LaunchAsync(CancellationToken stop)
    {
        if (!GuardedProcess.IsSupported)
        {
            throw new BackendFailureException("Engines are launched on Linux (x64, arm64) only. Start the engine yourself and attach to it with --backend-url.");
        }
        BackendLaunch launch = _backend.Launch(_options)!;
        try
        {
            await ReclaimAsync(stop);
            if (await EnginePort.FindProblemAsync(_options.BackendHost, _options.BackendPort, stop) is { } problem) throw new BackendFailureException(problem);
            StartingEngine(_backend.Title, _options.ModelPath ?? _options.ModelName);
            if (_logger.IsEnabled(LogLevel.Debug)) Launching(launch.Describe());
            _process = GuardedProcess.Start(launch, new GuardSettings(StateFolder) { Grace = _options.StopTimeout }, _output.Add);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackendFailureException($"{_backend.Title} can't be launched: {e.Message}");
        }
    }

    /// <summary>Ends what an earlier server of ours left behind, which may hold the port and the GPU.</summary>
    private async Task ReclaimAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LongestReclaim);
        try
        {
            IReadOnlyList<int> ended = await GuardReclaim.RunAsync(StateFolder, limit.Token);
            if (ended.Count > 0) Reclaimed(string.Join(' ', ended));
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new BackendFailureException($"processes that an earlier server left behind do not end within {LongestReclaim.TotalSeconds:F0} s; see the state files in {StateFolder}.");
        }
    }

    private async Task AwaitReadyAsync(CancellationToken stop)
    {
        long began = Stopwatch.GetTimestamp(), reported = began;
        while (true)
        {
            Task<string?> asking = _probe.AskAsync(stop);
            if (_process is not null && await Task.WhenAny(asking, _process.Exited) != asking) throw EarlyExit(await _process.Exited);
            string? problem = await asking;
            if (problem is null) return;

            TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
            if (elapsed > _options.BackendStartupTimeout)
            {
                throw new BackendFailureException($"{_backend.Title} is not ready after {_options.BackendStartupTimeout.TotalSeconds:F0} s ({problem}). Raise --backend-startup-timeout if it only needs longer.");
            }
            _status.Set(new BackendState.Starting($"{problem}, {elapsed.TotalSeconds:F0} s"));
            if (Stopwatch.GetElapsedTime(reported) > ProgressInterval)
            {
                reported = Stopwatch.GetTimestamp();
                StillStarting(_backend.Title, elapsed.TotalSeconds, problem, _output.LastLines is [.., var last] ? last : "no output yet");
            }
            await WaitAsync(StartInterval, stop);
        }
    }

    /// <summary>Probes now and then; a few failures in a row are told, and recovery too.</summary>
    private async Task WatchAsync(CancellationToken stop)
    {
        int failures = 0;
        while (true)
        {
            await WaitAsync(WatchInterval, stop);
            Task<string?> asking = _probe.AskAsync(stop);
            if (_process is not null && await Task.WhenAny(asking, _process.Exited) != asking) throw Crash(await _process.Exited);
            string? problem = await asking;
            failures = problem is null ? 0 : failures + 1;
            if (failures == UnhealthyAfter)
            {
                _status.Set(new BackendState.Unhealthy(problem!));
                NotAnswering(_backend.Title, problem!);
            }
            else if (problem is null && _status.State is BackendState.Unhealthy)
            {
                _status.Set(new BackendState.Ready(_status.Address));
                IsReady(_backend.Title);
            }
        }
    }

    /// <summary>Waits, but not past the engine's end.</summary>
    private async Task WaitAsync(TimeSpan time, CancellationToken stop)
    {
        using var wake = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Task delay = Task.Delay(time, wake.Token);
        if (_process is not null && await Task.WhenAny(delay, _process.Exited) != delay)
        {
            await wake.CancelAsync();
            EngineExit exit = await _process.Exited;
            throw _status.State is BackendState.Ready or BackendState.Unhealthy ? Crash(exit) : EarlyExit(exit);
        }
        await delay;
    }

    private BackendFailureException EarlyExit(EngineExit exit)
    {
        if (exit is EngineExit.NotStarted { IsMissing: true }) return new($"'{_backend.Launch(_options)!.File}' was not found. {_backend.MissingExecutableRemedy}");
        if (exit is EngineExit.NotStarted) return new($"{_backend.Title} {exit.Describe()}.");
        bool lacksModule = _output.LastLines.Any(line => line.Contains("No module named", StringComparison.Ordinal));
        return new($"{_backend.Title} {exit.Describe()} before it was ready. {(lacksModule ? _backend.MissingExecutableRemedy : "Its last lines say why.")}");
    }

    private BackendFailureException Crash(EngineExit exit) => new($"{_backend.Title} {exit.Describe()} although nobody asked it to.");

    [LoggerMessage(LogLevel.Information, "Starting {Engine} with model: {Model}")]
    private partial void StartingEngine(string engine, string model);

    [LoggerMessage(LogLevel.Debug, "Launching: {Command}")]
    private partial void Launching(string command);

    [LoggerMessage(LogLevel.Warning, "Ended processes that an earlier server left behind: {Pids}")]
    private partial void Reclaimed(string pids);

    [LoggerMessage(LogLevel.Information, "Attaching to {Engine} at {Url}")]
    private partial void Attaching(string engine, Uri url);

    [LoggerMessage(LogLevel.Information, "{Engine} is ready")]
    private partial void IsReady(string engine);

    [LoggerMessage(LogLevel.Information, "Waiting for {Engine}: {Seconds:F0} s, {Problem}; its last line: {Line}")]
    private partial void StillStarting(string engine, double seconds, string problem, string line);

    [LoggerMessage(LogLevel.Warning, "{Engine} does not answer: {Problem}")]
    private partial void NotAnswering(string engine, string problem);

    [LoggerMessage(LogLevel.Information, "Stopping {Engine}")]
    private partial void Ending(string engine);

    [LoggerMessage(LogLevel.Information, "{Engine} has ended, nothing is left of it")]
    private partial void Ended(string engine);
}

/// <summary>The engine can't be started or has ended; the message has the remedy.</summary>
internal sealed class BackendFailureException(string message) : Exception(message);
