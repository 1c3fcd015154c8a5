using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Receipts;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// Starts the engine, watches it, starts it again after a crash, and ends it. The only writer of <see cref="BackendStatus"/>.
/// </summary>
internal sealed partial class BackendSupervisor : IAsyncDisposable
{
    /// <summary>SGLang's own health check gives up after 20 s.</summary>
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(25), ShortestProbe = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(5), ShortestInterval = TimeSpan.FromMilliseconds(100);

    private readonly IBackend _backend;
    private readonly InferenceOptions _options;
    private readonly BackendStatus _status;
    private readonly EngineActivity _activity;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly EngineOutput _output;
    private readonly EngineCalls _calls;
    private readonly BackendProbe _probe;
    private readonly EngineStart _start;
    private readonly EngineChecks _checks;
    private readonly EnvironmentMeasurement _environment;
    private readonly RestartPolicy _restarts;

    /// <summary>Between two probes of an engine that runs.</summary>
    private readonly TimeSpan _interval;

    private GuardedProcess? _process;

    public BackendSupervisor(
        IBackend backend, InferenceOptions options, MachineFacts machine, BackendStatus status, EngineActivity activity, EnvironmentRegistry environments,
        TimeProvider time, ILoggerFactory loggers)
    {
        (_backend, _options, _status, _activity, _time) = (backend, options, status, activity, time);
        string module = $"deterministic_inference.backends.{backend.Name}";
        _logger = loggers.CreateLogger(module);
        _output = new EngineOutput(loggers, module + ".engine", SecretMask.Of(options, EnvironmentVariables.OfProcess()));
        // Whoever wants to know of a hang within seconds can't wait longer for a probe.
        _calls = new EngineCalls(status.Address, BackendKey.Read(options).Key);
        _probe = new BackendProbe(backend, _calls, Clamp(options.HangAfter, ShortestProbe, LongestProbe));
        _interval = Clamp(options.HangAfter / 10, ShortestInterval, LongestInterval);
        _start = new EngineStart(backend, options, machine, status, _probe, _output, _logger);
        _checks = new EngineChecks(backend, options, machine, _calls, status, _logger);
        var model = new ModelMeasurement(
            backend.ModelParts(options), HubCache.Of(machine.Variables, backend.DownloadFolder(options)),
            new KnownHashes(options.DataDir ?? StateHome.Receipts, time, _logger), options, status, _logger);
        _environment = new EnvironmentMeasurement(backend, options, machine, _calls, model, environments, _logger);
        _restarts = new RestartPolicy(options, $"{Environment.MachineName}:{options.BackendPort}", time);
    }

    /// <summary>Whether the engine has answered at least once.</summary>
    public bool WasReady { get; private set; }

    /// <summary>Runs until the engine has failed for good or the token ends it. A failure is in the status, with its reason.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            _checks.BeforeStart();
            if (_options.BackendUrl is null) await SuperviseAsync(stop);
            else await AttachAsync(stop);
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

    /// <summary>Readiness is denied from now on.</summary>
    /// <param name="doorIsOpen">Whether requests are still taken, by an engine that can.</param>
    public void BeginStopping(bool doorIsOpen) =>
        _status.Set(new BackendState.Stopping(doorIsOpen && _process is not { Ended.IsCompleted: true } ? _status.State.Address : null));

    /// <summary>Completes when the engine is at its end; never for one that was attached to or not started.</summary>
    public Task EndedAsync(CancellationToken cancellation) => (_process?.Ended ?? Task.Delay(Timeout.Infinite, cancellation)).WaitAsync(cancellation);

    /// <summary>Ends the engine and everything that it started; returns when nothing is left.</summary>
    /// <param name="now">Ends the grace at once.</param>
    /// <returns>Whether nothing is left.</returns>
    public async Task<bool> StopAsync(CancellationToken now)
    {
        if (_process is null) return true;
        bool isRunning = !_process.Exited.IsCompleted;
        if (isRunning) Ending(_backend.Title);
        await _process.StopAsync(_options.StopTimeout, now);
        EngineExit exit = await _process.Exited;
        if (exit.Remaining.Count > 0) Remains(_backend.Title, string.Join(' ', exit.Remaining));
        else if (isRunning) Ended(_backend.Title);
        return exit.Remaining.Count == 0;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
        _environment.Dispose();
        _calls.Dispose();
    }

    private async Task AttachAsync(CancellationToken stop)
    {
        Attaching(_backend.Title, _status.Address);
        await BecomeReadyAsync(stop);
        // Its end can't be seen, only that it does not answer any more, and it may come back.
        await WatchAsync(stop);
    }

    private async Task SuperviseAsync(CancellationToken stop)
    {
        // What does not start at all won't start the second time: whoever started us gets the reason at once.
        await StartAsync(stop);
        while (true)
        {
            string? reason = await WatchAsync(stop);
            while (reason is not null)
            {
                await PauseAsync(reason, stop);
                reason = await TryStartAsync(stop);
            }
        }
    }

    private async Task StartAsync(CancellationToken stop)
    {
        _process = await _start.LaunchAsync(stop);
        _environment.Begin();
        await BecomeReadyAsync(stop);
    }

    /// <returns>Null, or why it did not start.</returns>
    private async Task<string?> TryStartAsync(CancellationToken stop)
    {
        _status.Set(new BackendState.Starting("started again after a crash"));
        _status.CountRestart();
        try
        {
            await StartAsync(stop);
            return null;
        }
        catch (BackendFailureException e)
        {
            return e.Message;
        }
    }

    private async Task BecomeReadyAsync(CancellationToken stop)
    {
        TimeSpan left = await _start.AwaitHealthyAsync(_process, stop);
        FactSheet? sheet = await _process.UntilEndAsync(_environment.MeasureAsync, stop);
        await _checks.BeforeReadyAsync(_process, left, sheet?.Findings ?? [], stop);
        if (sheet is not null) await _environment.PublishAsync(sheet, _status.Verdict, stop);
        await _start.RequireAliveAsync(_process, stop);
        WasReady = true;
        _status.Set(new BackendState.Ready(_status.Address));
        IsReady(_backend.Title);
    }

    /// <summary>Probes now and then until the engine must be started again.</summary>
    /// <returns>Why.</returns>
    private async Task<string> WatchAsync(CancellationToken stop)
    {
        var health = new EngineHealth(_activity, _options.HangAfter, _time);
        bool hangs = false;
        while (true)
        {
            await _process.UntilEndAsync(end => Task.Delay(_interval, end), stop);
            string? problem = await _process.UntilEndAsync(end => _probe.AskAsync(health.IsSuspect, end), stop);
            if (_process is { Ended.IsCompleted: true }) return $"{_backend.Title} {(await _process.Ended).Describe()} although nobody asked it to.";
            // One that was attached to may be another one since.
            if (problem is null && _process is null && _status.State is BackendState.Unhealthy) await ReattachAsync(stop);
            if (problem is null) health.Passed();
            else health.Failed(problem);
            Show(health);
            if (health.IsHanging && !hangs)
            {
                Hangs(_backend.Title, health.Detail!, _activity.InFlight, _options.HangAction);
                if (_options.HangAction == "restart" && _process is not null) return $"{_backend.Title} hangs: {health.Detail}.";
            }
            hangs = health.IsHanging;
        }
    }

    private async Task ReattachAsync(CancellationToken stop)
    {
        FactSheet sheet = await _environment.MeasureAsync(stop);
        await _checks.BeforeReadyAsync(null, _options.BackendStartupTimeout, sheet.Findings, stop);
        await _environment.PublishAsync(sheet, _status.Verdict, stop);
    }

    private void Show(EngineHealth health)
    {
        bool wasUnhealthy = _status.State is BackendState.Unhealthy;
        _status.Set(health.IsUnhealthy ? new BackendState.Unhealthy(health.Detail!) : new BackendState.Ready(_status.Address, health.Detail));
        if (health.IsUnhealthy && !wasUnhealthy) NotAnswering(_backend.Title, health.Detail!);
        else if (wasUnhealthy && !health.IsUnhealthy) IsReady(_backend.Title);
    }

    /// <summary>Waits until the engine may be started again, and nothing is left of the one before.</summary>
    /// <exception cref="BackendFailureException">It has crashed too often.</exception>
    private async Task PauseAsync(string reason, CancellationToken stop)
    {
        (int Attempt, TimeSpan Pause)? next = _restarts.AfterCrash();
        if (next is { } planned) _status.Set(new BackendState.Restarting(reason, planned.Attempt, _time.GetUtcNow() + planned.Pause));
        else _status.Set(new BackendState.Unhealthy(reason));
        Task pause = Task.Delay(next?.Pause ?? TimeSpan.Zero, stop);
        await EndProcessAsync(stop);
        if (next is not { } start)
        {
            throw new BackendFailureException(
                $"{reason} It is not started again: that was more than {_options.MaxRestarts} crashes within {_options.RestartWindow.TotalSeconds:0.#} s (--max-restarts, --restart-window).");
        }
        WillRestart(reason, start.Attempt, _options.MaxRestarts, start.Pause.TotalSeconds, _output.LastLines is [.., var last] ? last : "no output");
        await pause;
    }

    /// <summary>Nothing of the old engine may be there when the next one is started: it would hold the port and the GPU.</summary>
    private async Task EndProcessAsync(CancellationToken stop)
    {
        if (_process is null) return;
        // Crashed or hanging: there is nothing to be gained from a grace. Its guard may still be at it.
        if (!_process.Ended.IsCompleted) await _process.StopAsync(TimeSpan.Zero, stop);
        EngineExit exit = await _process.Exited.WaitAsync(stop);
        if (exit.Remaining.Count > 0) Remains(_backend.Title, string.Join(' ', exit.Remaining));
        await _process.DisposeAsync();
        _process = null;
    }

    private static TimeSpan Clamp(TimeSpan value, TimeSpan least, TimeSpan most) => value < least ? least : value > most ? most : value;

    [LoggerMessage(LogLevel.Information, "Attaching to {Engine} at {Url}")]
    private partial void Attaching(string engine, Uri url);

    [LoggerMessage(LogLevel.Information, "{Engine} is ready")]
    private partial void IsReady(string engine);

    [LoggerMessage(LogLevel.Warning, "{Engine} does not answer: {Problem}")]
    private partial void NotAnswering(string engine, string problem);

    [LoggerMessage(LogLevel.Error, "{Engine} hangs: {Problem}; {InFlight} requests in flight; --hang-action is {Action}")]
    private partial void Hangs(string engine, string problem, int inFlight, string action);

    [LoggerMessage(LogLevel.Error, "{Reason} Restart {Attempt} (at most {MaxRestarts}) in {Seconds:F1} s; its last line: {Line}")]
    private partial void WillRestart(string reason, int attempt, int maxRestarts, double seconds, string line);

    [LoggerMessage(LogLevel.Information, "Stopping {Engine}")]
    private partial void Ending(string engine);

    [LoggerMessage(LogLevel.Information, "{Engine} has ended, nothing is left of it")]
    private partial void Ended(string engine);

    [LoggerMessage(LogLevel.Error, "Processes of {Engine} can't be ended: {Pids}. They belong to another user or wait in a driver")]
    private partial void Remains(string engine, string pids);
}
