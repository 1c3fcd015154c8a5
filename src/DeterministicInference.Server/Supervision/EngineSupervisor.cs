using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Starts the engine, watches it, restarts it after a crash, and ends it; or attaches to a running one. It holds the
/// only <see cref="EngineStatus.Writer"/>.
/// </summary>
internal sealed partial class EngineSupervisor : IAsyncDisposable
{
    /// <summary>
    /// Longest time of a probe. SGLang's own health check gives up after SGLANG_HEALTH_CHECK_TIMEOUT, 20 s
    /// (sgl-project/sglang@8905cbd, python/sglang/srt/entrypoints/http_server.py); a shorter limit would treat a busy
    /// engine as dead.
    /// </summary>
    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(25);

    private static readonly TimeSpan ShortestProbe = TimeSpan.FromSeconds(1);

    private readonly IEngineKind _kind;
    private readonly ServeOptions _options;
    private readonly MachineFacts _machine;
    private readonly EngineStatus.Writer _writer;
    private readonly EngineStatus _status;
    private readonly EngineActivity _activity;
    private readonly TimeProvider _time;
    private readonly SupervisorLog _log;
    private readonly EngineOutput _output;
    private readonly EngineCalls _calls;
    private readonly EngineWatch _watch;
    private readonly EngineStart _start;
    private readonly EngineEndpointChoice _endpoints;
    private readonly ServedAssessment _assessment;
    private readonly RestartPolicy _restarts;

    /// <summary>Time that a script has to end after the engine that it has started.</summary>
    private static readonly TimeSpan WrapperDelay = TimeSpan.FromSeconds(2);

    /// <summary>Starts of an engine that finds its port taken, although it was free before.</summary>
    private const int MostPorts = 3;

    private SupervisedEngine _engine = SupervisedEngine.NoProcess;
    private EngineAssessment _beforeLaunch = EngineAssessment.NotBegun;

    /// <param name="kind">The engine.</param>
    /// <param name="options">Settings.</param>
    /// <param name="keys">Keys of the settings.</param>
    /// <param name="machine">The machine.</param>
    /// <param name="status">State of the engine.</param>
    /// <param name="activity">Activity of the requests in flight.</param>
    /// <param name="environments">The environments in which answers are computed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">Creates the loggers.</param>
    /// <param name="guard">Settings of the guards; null for the defaults.</param>
    /// <param name="endpoints">Where the engine listens; null for the address of the status.</param>
    public EngineSupervisor(
        IEngineKind kind,
        ServeOptions options,
        ServeKeys keys,
        MachineFacts machine,
        EngineStatus.Writer status,
        EngineActivity activity,
        EnvironmentRegistry environments,
        TimeProvider time,
        ILoggerFactory loggers,
        GuardSettings? guard = null,
        EngineEndpointChoice? endpoints = null
    )
    {
        (_kind, _options, _machine, _activity, _time) = (kind, options, machine, activity, time);
        (_writer, _status) = (status, status.Status);
        string module = $"deterministic_inference.backends.{kind.Name}";
        ILogger logger = loggers.CreateLogger(module);
        _log = new SupervisorLog(logger);
        _output = new EngineOutput(
            loggers,
            module + ".engine",
            SecretMask.Of(
                options,
                keys,
                EnvironmentVariables.OfProcess(),
                _status.Endpoint.Key ?? "",
                _status.Endpoint.AdminKey ?? ""
            ),
            kind.Output,
            isOwnProgram: options is { BackendCommand: null, BackendUrl: null }
        );
        _endpoints = endpoints ?? new EngineEndpointChoice(_status.Endpoint, isFixed: true);
        _calls = new EngineCalls(_status.Address, _status.Endpoint.Key ?? keys.Engine, _status.Endpoint.SocketPath);
        // A probe must not take longer than the time after which an engine counts as hanging.
        var longest = TimeSpan.FromTicks(Math.Clamp(options.HangAfter.Ticks, ShortestProbe.Ticks, LongestProbe.Ticks));
        var probe = new EngineProbe(kind.Health, _calls, longest, time);
        _watch = new EngineWatch(probe, _output, end => RequireCurrentAsync(asks: false, end), options.HangAfter, time);
        // No folder is made for an engine that is attached to.
        string records = options.BackendUrl is null ? StatePaths.Engines(options.DataDir) : "";
        guard ??= new GuardSettings(records) { Grace = options.StopTimeout };
        _start = new EngineStart(kind, options, guard, ShowProgress, probe, _output, time, logger);
        _assessment = new ServedAssessment(kind, options, machine, _calls, environments, ShowProgress, time, logger);
        _restarts = new RestartPolicy(options, $"{Environment.MachineName}:{options.BackendPort}", time);
    }

    /// <summary>Whether the engine has answered at least once.</summary>
    public bool WasReady { get; private set; }

    /// <summary>
    /// Runs until the engine has failed finally or the token is cancelled. A failure is in the status, with its reason.
    /// </summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            if (_options.BackendUrl is null)
                await SuperviseAsync(stop);
            else
                await AttachAsync(stop);
        }
        catch (EngineFailureException e)
        {
            if (e.Finding is { } finding)
                _writer.Set(_status.Assessment.With(finding));
            _writer.Set(new EngineState.Failed(e.Message, _output.LastLines));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stop requested; StopAsync ends the engine once the requests in flight are done.
        }
    }

    /// <summary>Denies readiness from now on.</summary>
    /// <param name="gatewayIsOpen">Whether requests are still accepted, if the engine is ready.</param>
    public void BeginStopping(bool gatewayIsOpen) =>
        _writer.Set(new EngineState.Stopping(gatewayIsOpen && !_engine.HasEnded ? _status.State.Address : null));

    /// <summary>
    /// Completes when the engine has ended; never for an attached engine or one that was not started.
    /// </summary>
    public Task EndedAsync(CancellationToken cancellation) => _engine.Ended.WaitAsync(cancellation);

    /// <summary>Ends the engine and all of its processes.</summary>
    /// <param name="now">Ends the grace period.</param>
    /// <returns>Whether no process is left.</returns>
    public async Task<bool> StopAsync(CancellationToken now)
    {
        if (!_engine.HasProcess)
            return true;
        bool isRunning = !_engine.IsGone;
        if (isRunning)
            _log.Ending(_kind.Title);
        IReadOnlyList<int> remaining = await _engine.EndAsync(_options.StopTimeout, now);
        if (remaining.Count > 0)
            _log.Remains(_kind.Title, string.Join(' ', remaining));
        else if (isRunning)
            _log.Ended(_kind.Title);
        return remaining.Count == 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.EndAsync(TimeSpan.Zero, CancellationToken.None);
        _assessment.Dispose();
        _calls.Dispose();
    }

    private async Task AttachAsync(CancellationToken stop)
    {
        _log.Attaching(_kind.Title, _status.Address);
        EngineAssessment assessment = AssessBeforeLaunch(null);
        await BecomeReadyAsync(assessment, stop);
        // The end of an attached engine can't be observed, only that it does not answer; it may come back.
        await WatchAsync(stop);
    }

    private async Task SuperviseAsync(CancellationToken stop)
    {
        // A first start that fails is not repeated: it would fail again, and whoever started the server gets the
        // reason.
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
        for (int ports = 1; ; ports++)
        {
            try
            {
                await StartOnceAsync(stop);
                return;
            }
            catch (EngineFailureException) when (!_endpoints.IsFixed && ports < MostPorts && _output.SaysPortIsTaken)
            {
                // Somebody took the port between the check and the engine's own attempt.
                await EndProcessAsync(stop);
                int former = _endpoints.Current.Port;
                _endpoints.Move();
                _log.PortIsTaken(former, "", _kind.Title, _endpoints.Current.Port);
            }
        }
    }

    private async Task StartOnceAsync(CancellationToken stop)
    {
        EngineAssessment assessment = AssessLaunch();
        await _start.ReclaimAsync(stop);
        int port = _endpoints.Current.Port;
        if (await _endpoints.RequireFreeAsync(_time, stop) is { } holder)
        {
            _log.PortIsTaken(port, holder, _kind.Title, _endpoints.Current.Port);
            assessment = AssessLaunch();
        }
        EngineEndpoint endpoint = _endpoints.Current;
        _writer.Set(endpoint);
        _calls.Address = endpoint.Url;
        if (endpoint.SocketPath is null && !WasReady && _kind.Launcher!.OpenRoutes is { Count: > 0 } open)
            _log.IsPartlyOpen(_kind.Title, string.Join(", ", open), endpoint.Display);
        _engine = _start.Launch(assessment.Launch!, endpoint);
        _assessment.BeginHashing();
        await BecomeReadyAsync(assessment, stop);
    }

    /// <exception cref="EngineFailureException">The engine can't be started like this.</exception>
    private EngineAssessment AssessLaunch()
    {
        EngineAssessment assessment = AssessBeforeLaunch(
            _kind.Launcher!.Launch(_options, _machine, _endpoints.Current)
        );
        return assessment.Refusal is { } refusal ? throw new EngineFailureException(refusal.Text) : assessment;
    }

    /// <returns>Null, or why the engine did not start.</returns>
    private async Task<string?> TryStartAsync(CancellationToken stop)
    {
        _writer.CountRestart();
        _writer.Set(new EngineState.Starting("restarting after a crash"));
        try
        {
            await StartAsync(stop);
            return null;
        }
        catch (EngineFailureException e)
        {
            return e.Message;
        }
    }

    private async Task BecomeReadyAsync(EngineAssessment assessment, CancellationToken stop)
    {
        TimeSpan left = await _start.AwaitHealthyAsync(_engine, assessment.Launch, stop);
        await _engine.RunUnlessItEndsAsync(end => AssessAsync(assessment, left, end), stop);
        await _start.RequireAliveAsync(_engine, assessment.Launch, stop);
        WasReady = true;
        _output.BecameReady();
        _writer.Set(new EngineState.Ready(_status.Address));
        _log.IsReady(_kind.Title);
    }

    /// <summary>Probes the engine periodically until it must be restarted.</summary>
    /// <returns>The reason.</returns>
    private async Task<string> WatchAsync(CancellationToken stop)
    {
        var health = new EngineHealth(_activity, _options.HangAfter, _time);
        bool hangs = false;
        while (true)
        {
            ProbeProblem? problem = await _watch.NextAsync(_engine, health, stop);
            if (_engine.HasEnded)
                return await DescribeEndAsync(stop);
            if (_engine.HasProcess && _assessment.HasProgramEnded && !await EndsSoonAsync(stop))
                return $"{_kind.Title} has ended behind the program of --backend-command, which still runs.";
            if (!health.IsEnding && _output.Ending is { IsCompletedSuccessfully: true, Result: { } line })
            {
                health.Ends();
                _log.IsEnding(_kind.Title, line);
            }
            if (health.IsBeyondProbes)
            {
                Show(health);
                continue;
            }
            // Another engine may have been started at the address meanwhile.
            if (problem is null && !_engine.HasProcess && _status.State is EngineState.Unhealthy)
                await AssessAsync(AssessBeforeLaunch(null), _options.BackendStartupTimeout, stop);
            else if (problem is null)
                await _engine.RunUnlessItEndsAsync(end => RequireCurrentAsync(asks: true, end), stop);
            if (problem is null)
                health.Passed();
            else
                health.Failed(problem.Text);
            Show(health);
            if (health.IsHanging && !hangs)
            {
                _log.Hangs(_kind.Title, health.Detail!, _activity.InFlight, _options.HangAction);
                if (_options.HangAction == HangAction.Restart && _engine.HasProcess)
                    return $"{_kind.Title} hangs: {health.Detail}.";
            }
            hangs = health.IsHanging;
        }
    }

    /// <summary>Assesses the engine anew if it serves something else than what was assessed.</summary>
    private async Task RequireCurrentAsync(bool asks, CancellationToken end)
    {
        if (_status.State is EngineState.Ready && !await _assessment.IsCurrentAsync(asks, end))
            await AssessAsync(_beforeLaunch, _options.BackendStartupTimeout, end);
    }

    /// <summary>Whether the launched program ends within a moment, as one does whose engine has ended.</summary>
    private async Task<bool> EndsSoonAsync(CancellationToken stop)
    {
        await _engine.RunUnlessItEndsAsync(end => Task.Delay(WrapperDelay, _time, end), stop);
        return _engine.HasEnded;
    }

    /// <summary>
    /// How the engine ended. Requests are refused at once; why it ended is known with its last line.
    /// </summary>
    private async Task<string> DescribeEndAsync(CancellationToken stop)
    {
        _writer.Set(new EngineState.Unhealthy($"{_kind.Title} {_engine.DescribeEnd()} unexpectedly."));
        EngineExit exit = (await _engine.ExitedAsync(stop))!;
        return $"{_kind.Title} {_output.Explain(exit, "unexpectedly")}";
    }

    /// <summary>Makes the checks that need no running engine.</summary>
    private EngineAssessment AssessBeforeLaunch(EngineLaunch? launch)
    {
        _beforeLaunch = _assessment.BeforeLaunch(launch);
        _writer.Set(_beforeLaunch);
        return _beforeLaunch;
    }

    /// <summary>Queries a healthy engine, and publishes its environment for the following answers.</summary>
    private async Task AssessAsync(EngineAssessment before, TimeSpan patience, CancellationToken end)
    {
        EngineAssessment assessment = await _assessment.CompleteAsync(before, patience, end, _engine.ProcessId);
        _writer.Set(assessment);
        await _assessment.PublishAsync(assessment, end);
    }

    /// <summary>Shows the progress of a starting engine.</summary>
    private void ShowProgress(string detail)
    {
        if (_status.State is EngineState.Starting)
            _writer.Set(new EngineState.Starting(detail));
    }

    private void Show(EngineHealth health)
    {
        bool wasUnhealthy = _status.State is EngineState.Unhealthy;
        _writer.Set(
            health.IsEnding ? new EngineState.Unhealthy($"it is ending{(_output.Cause is { } why ? $": {why}" : "")}")
            : health.IsUnhealthy ? new EngineState.Unhealthy(health.Detail!)
            : new EngineState.Ready(_status.Address, health.Detail)
        );
        if (health is { IsUnhealthy: true, IsEnding: false } && !wasUnhealthy)
            _log.NotAnswering(_kind.Title, health.Detail!);
        else if (wasUnhealthy && !health.IsUnhealthy)
        {
            _output.BecameReady();
            _log.IsReady(_kind.Title);
        }
    }

    /// <summary>Waits for the restart delay, and until no process of the previous engine is left.</summary>
    /// <exception cref="EngineFailureException">The engine has crashed too often.</exception>
    private async Task PauseAsync(string reason, CancellationToken stop)
    {
        (int Attempt, TimeSpan Pause)? next = _restarts.AfterCrash();
        if (next is { } planned)
            _writer.Set(new EngineState.Restarting(reason, planned.Attempt, _time.GetUtcNow() + planned.Pause));
        else
            _writer.Set(new EngineState.Unhealthy(reason));
        Task pause = Task.Delay(next?.Pause ?? TimeSpan.Zero, _time, stop);
        await EndProcessAsync(stop);
        if (next is not { } start)
        {
            throw new EngineFailureException(
                $"{reason} It is not restarted: more than {_options.MaxRestarts} crashes within "
                    + $"{_options.RestartWindow.TotalSeconds:0.#} s (--max-restarts, --restart-window)."
            );
        }
        // Beside the cause the last line would only mislead.
        bool isExplained = _output.Cause is { } cause && reason.Contains(cause, StringComparison.Ordinal);
        string? line = isExplained ? null : _output.LastLines.LastOrDefault("no output");
        _log.WillRestart(reason, start.Attempt, _options.MaxRestarts, start.Pause.TotalSeconds, line);
        await pause;
    }

    /// <summary>
    /// Ends the old engine completely before the next one is started: it would hold the port and the GPU.
    /// </summary>
    private async Task EndProcessAsync(CancellationToken stop)
    {
        if (!_engine.HasProcess)
            return;
        // The engine has crashed or hangs, so a grace period would gain nothing. Its guard may still be ending it.
        if (_engine.HasEnded)
            await _engine.ExitedAsync(stop);
        IReadOnlyList<int> remaining = await _engine.EndAsync(TimeSpan.Zero, stop);
        if (remaining.Count > 0)
            _log.Remains(_kind.Title, string.Join(' ', remaining));
        _engine = SupervisedEngine.NoProcess;
    }
}
