using System.Text.Json.Nodes;
using System.Threading.Channels;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Gateway;
using DeterministicInference.Server.Gateway.Admission;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Supervision;
using DeterministicInference.Server.Tests.Assessment;
using DeterministicInference.Server.Tests.Documentation;
using DeterministicInference.Server.Tests.Engines;
using DeterministicInference.Server.Tests.Guard;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>The supervisor within this process: on a clock of the test's, and with a launch that is counted.</summary>
public sealed class EngineSupervisorTests : IDisposable
{
    private readonly ObservedTime _time = new();
    private readonly LogSignal _log = new();
    private readonly ILoggerFactory _loggers;
    private readonly TemporaryStateFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();

    public EngineSupervisorTests() => _loggers = LoggerFactory.Create(logging => logging.AddProvider(_log));

    [Fact]
    public async Task An_engine_that_is_never_ready_is_given_up_when_its_time_on_the_clock_is_over()
    {
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, _, _) => Task.FromResult(StubEngine.Text(prompt))
        );
        engine.IsWell = false;
        var options = new ServeOptions { BackendUrl = engine.Url, BackendStartupTimeout = TimeSpan.FromSeconds(20) };
        var status = new EngineStatus.Writer(engine.Url);
        await using EngineSupervisor supervisor = Create(new SglangKind(), options, status, _time);
        Task running = supervisor.RunAsync(_stop.Token);
        for (int seconds = 0; seconds <= 20; seconds++)
        {
            // A real socket answers the probe, whatever the clock says; then the supervisor waits for the clock.
            await _time.WaitedForAsync(TimeSpan.FromMilliseconds(200));
            Assert.Equal(
                $"/health answers 503, {seconds} s",
                Assert.IsType<EngineState.Starting>(status.Status.State).Detail
            );
            _time.Advance(TimeSpan.FromSeconds(1));
        }
        await running.Within();
        Assert.Equal(
            $"--backend-url: the engine at {engine.Url.ToString().TrimEnd('/')} is not ready: /health answers 503. Start it, or raise "
                + "--backend-startup-timeout if it only needs more time.",
            Assert.IsType<EngineState.Failed>(status.Status.State).Reason
        );
        // The finding that doctor makes of it.
        var limit = new ConcurrencyLimit(options, engineLimit: null, _time);
        var report = new HealthReport(
            options,
            status.Status,
            new EngineActivity(_time),
            limit,
            receipts: null,
            witnesses: null,
            _time
        );
        JsonNode health = JsonNode.Parse(JsonBytes.WriteText(json => report.Write(json, report.Now)))!;
        Assert.Equal("failed", (string?)health["status"]);
        Assert.Contains(
            "engine_unreachable",
            health["determinism"]!["reasons"]!.AsArray().Select(code => (string)code!)
        );
        Assert.Equal(22, engine.Requests.Count);
    }

    [Fact]
    public async Task A_running_engine_is_probed_by_the_clock_and_hangs_by_it()
    {
        // Its files are looked at each second, and it is asked every fifth.
        var second = TimeSpan.FromSeconds(1);
        await using StubEngine engine = await StubEngine.StartAsync(
            (prompt, seed, _) => Task.FromResult(StubEngine.Text($"{prompt} {seed}")),
            """{"enable_deterministic_inference":true}"""
        );
        var options = new ServeOptions { BackendUrl = engine.Url };
        var status = new EngineStatus.Writer(engine.Url);
        await using EngineSupervisor supervisor = Create(new SglangKind(), options, status, _time);
        Task running = supervisor.RunAsync(_stop.Token);
        await _time.WaitedForAsync(second);
        Assert.Equal(new EngineState.Ready(engine.Url), status.Status.State);
        engine.IsWell = false;
        for (int seconds = 5; seconds <= 300; seconds += 5)
        {
            await ProbeAsync();
            if (seconds < 5 * EngineHealth.Threshold)
                Assert.IsType<EngineState.Ready>(status.Status.State);
            else
                Assert.EndsWith(
                    $"no sign of life for {seconds} s",
                    Assert.IsType<EngineState.Unhealthy>(status.Status.State).Detail,
                    StringComparison.Ordinal
                );
        }
        Assert.Single(_log.Lines, line => line.Contains(" hangs: ", StringComparison.Ordinal));
        engine.IsWell = true;
        await ProbeAsync();
        Assert.Equal(new EngineState.Ready(engine.Url), status.Status.State);
        await _stop.CancelAsync();
        await running.Within();

        async Task ProbeAsync()
        {
            for (int i = 0; i < 5; i++)
            {
                _time.Advance(second);
                await _time.WaitedForAsync(second);
            }
        }
    }

    [Fact]
    public async Task A_launch_is_computed_once_per_start()
    {
        string script = Path.Combine(TestModels.NewFolder("fake"), "python3");
        File.WriteAllText(
            script,
            $"#!/bin/sh\nexec '{ServerProgram.Built.File}' "
                + $"'{Path.ChangeExtension(FakeBackendProcess.Command, ".dll")}' \"$@\"\n"
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var kind = new CountedKind();
        var options = new ServeOptions
        {
            ModelPath = "org/tiny",
            BackendCommand = script,
            BackendPort = FreePort.Next(),
            Receipts = ReceiptMode.Off,
            RestartDelay = TimeSpan.Zero,
        };
        var status = new EngineStatus.Writer(EngineUrl.OfListener(options.BackendHost, options.BackendPort));
        await using EngineSupervisor supervisor = Create(kind, options, status, TimeProvider.System);
        Task running = supervisor.RunAsync(_stop.Token);
        await Task.WhenAny(_log.SeenAsync(" is ready"), running);
        Assert.IsType<EngineState.Ready>(status.Status.State);
        Assert.Equal(1, kind.Launches);

        GuardState guarded = GuardState.Read(
            Assert.Single(Directory.GetFiles(_folder.Path, "*" + GuardState.Extension))
        )!;
        Assert.True(guarded.Processes[0].Signal(Libc.SigKill));
        await _log.SeenAsync(" is ready");
        Assert.Equal((1, 2), (status.Status.Restarts, kind.Launches));
        await _stop.CancelAsync();
        await running.Within();
        Assert.True(await supervisor.StopAsync(new CancellationToken(canceled: true)));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*" + GuardState.Extension));
    }

    /// <summary>Its setters are within a type whose only holders are these.</summary>
    [Fact]
    public void Only_the_supervisor_changes_the_status()
    {
        string server = Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server");
        Assert.Equal(
            [
                // Makes it and hands it on.
                "Serve/GatewayServer.cs",
                "Supervision/EngineSupervisor.cs",
            ],
            Directory
                .GetFiles(server, "*.cs", SearchOption.AllDirectories)
                .Where(file => File.ReadAllText(file).Contains("EngineStatus.Writer", StringComparison.Ordinal))
                .Select(file => Path.GetRelativePath(server, file))
                .Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(typeof(EngineStatus).GetProperties(), property => property.SetMethod is not null);
        Assert.DoesNotContain(
            "writer.Set",
            File.ReadAllText(Path.Combine(server, "Serve/GatewayServer.cs")),
            StringComparison.Ordinal
        );
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _stop.Dispose();
        _folder.Dispose();
    }

    private EngineSupervisor Create(
        IEngineKind kind,
        ServeOptions options,
        EngineStatus.Writer status,
        TimeProvider time
    ) =>
        new(
            kind,
            options,
            ServeKeys.Read(options),
            Machines.With("9.0") with
            {
                Variables = EnvironmentVariables.OfProcess(),
            },
            status,
            new EngineActivity(time),
            new EnvironmentRegistry(null),
            time,
            _loggers,
            new GuardSettings(_folder.Path) { Program = [ServerProgram.Built.File, .. ServerProgram.Built.Leading] }
        );

    /// <summary>A clock that tells who waits for it.</summary>
    private sealed class ObservedTime : FakeTimeProvider
    {
        private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

        /// <summary>Completes once somebody has begun to wait for this time.</summary>
        public Task WaitedForAsync(TimeSpan time)
        {
            return WaitAsync().Within();

            async Task WaitAsync()
            {
                while (await _waits.Reader.ReadAsync(TestContext.Current.CancellationToken) != time) { }
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            ITimer timer = base.CreateTimer(callback, state, dueTime, period);
            _waits.Writer.TryWrite(dueTime);
            return timer;
        }
    }

    /// <summary>SGLang, whose launches are counted.</summary>
    private sealed class CountedKind : IEngineKind, IEngineLauncher
    {
        private readonly SglangKind _kind = new();

        public int Launches { get; private set; }

        public string Name => _kind.Name;

        public string Title => _kind.Title;

        public EngineHealthRoutes Health => _kind.Health;

        public IEngineLauncher Launcher => this;

        public IEngineDeterminism Determinism => _kind.Determinism;

        public IEngineFacts Facts => _kind.Facts;

        public RequestRules Requests => _kind.Requests;

        public string MissingRemedy => _kind.Launcher.MissingRemedy;

        public IReadOnlyList<ReservedArgument> Reserved => _kind.Launcher.Reserved;

        public EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint)
        {
            Launches++;
            return _kind.Launcher.Launch(options, machine, endpoint);
        }
    }
}
