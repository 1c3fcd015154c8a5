using System.Net;
using System.Runtime.InteropServices;
using DeterministicInference.Server.Assessment;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.Logging;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Receipts.Witnesses;
using DeterministicInference.Server.Supervision;

namespace DeterministicInference.Server.Serve;

/// <summary><c>serve</c>: an engine, and the gateway in front of it.</summary>
internal static partial class GatewayServer
{
    public const string Module = "deterministic_inference.server";

    /// <summary>Serves until a stop is requested or the engine has failed finally.</summary>
    /// <param name="engine">The kind of the engine that the settings name.</param>
    /// <param name="configuration">Settings without problems.</param>
    /// <param name="cancellation">Requests a stop.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        IEngineKind engine,
        ResolvedConfiguration configuration,
        CancellationToken cancellation
    )
    {
        ServeOptions options = configuration.Options;
        using OrphanReaper? orphans = OrphanReaper.StartAsInit();
        using StopRequest request = StopRequest.Listen(options);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation, request.Stop);
        await using WebApplication app = Build(options);
        ILoggerFactory loggers = app.Services.GetRequiredService<ILoggerFactory>();
        ILogger logger = loggers.CreateLogger(Module);
        try
        {
            return await ServeAsync(engine, configuration, app, loggers, request, stopping.Token);
        }
        catch (Exception e) when (Tell(logger, e, options))
        {
            throw;
        }
    }

    /// <summary>Tells the log why the server does not start, where standard error is not the place to look.</summary>
    private static bool Tell(ILogger logger, Exception e, ServeOptions options)
    {
        if ((options.LogFile is not null || options.LogFormat == LogFormat.Json) && e is IOException or StartException)
            NotStarted(logger, e.Message);
        return false;
    }

    private static async Task<int> ServeAsync(
        IEngineKind engine,
        ResolvedConfiguration configuration,
        WebApplication app,
        ILoggerFactory loggers,
        StopRequest request,
        CancellationToken stop
    )
    {
        ServeOptions options = configuration.Options;
        ILogger logger = loggers.CreateLogger(Module);
        var check = new StartCheck(options, TimeProvider.System);
        StartException.ThrowIfAny(check.FindProblems());
        Starting(logger);
        Version(
            logger,
            ProductVersion.Text,
            RuntimeInformation.FrameworkDescription,
            RuntimeInformation.RuntimeIdentifier
        );
        GpuEnvironment gpu = GpuEnvironment.Collect();
        MachineFacts machine = EngineMachine.Read(engine, options, gpu);
        var endpoints = EngineEndpointChoice.Make(
            engine.Launcher,
            options,
            configuration.Keys,
            EnvironmentVariables.OfProcess()
        );
        var writer = new EngineStatus.Writer(endpoints.Current);
        EngineStatus status = writer.Status;
        var activity = new EngineActivity(TimeProvider.System);
        EngineAssessment assessment = new EngineAssessor(
            engine,
            options,
            machine,
            TimeProvider.System,
            loggers.CreateLogger(Module)
        ).BeforeLaunch(
            engine.Launcher is null || options.BackendUrl is not null
                ? null
                : engine.Launcher.Launch(options, machine, endpoints.Current)
        );
        // Not cancelled: it takes two seconds at most, and a stop that arrives now takes the usual path then.
        StartException.ThrowIfAny(await check.FindProblemsAsync(assessment, CancellationToken.None));
        await using ReceiptStore? receipts = !options.HasReceipts
            ? null
            : ReceiptStore.Open(
                ReceiptStoreSettings.Of(options, configuration.Keys) with
                {
                    SignerLogger = loggers.CreateLogger("deterministic_inference.signer"),
                },
                TimeProvider.System,
                loggers.CreateLogger("deterministic_inference.receipts")
            );
        await using CheckpointWitnesses? witnesses =
            receipts is null || WitnessSettings.Of(options) is not { } settings
                ? null
                : await CheckpointWitnesses.OpenAsync(
                    receipts,
                    settings,
                    TimeProvider.System,
                    loggers.CreateLogger("deterministic_inference.witnesses")
                );
        var environments = new EnvironmentRegistry(receipts);
        using var gateway = new GatewayComposition(
            app,
            options,
            configuration.Keys,
            engine,
            status,
            activity,
            gpu,
            environments,
            receipts,
            witnesses
        );
        // Not cancelled: a stop that arrives now takes the usual path a moment later.
        await app.StartAsync(CancellationToken.None);
        foreach (string url in app.Urls)
            Listening(logger, url);
        if (!options.RequiresKey && !IsLoopback(options.ProxyHost))
            OpenToAll(logger, options.ProxyHost);

        await using var supervisor = new EngineSupervisor(
            engine,
            options,
            configuration.Keys,
            machine,
            writer,
            activity,
            environments,
            TimeProvider.System,
            loggers,
            endpoints: endpoints
        );
        await supervisor.RunAsync(stop);
        int exitCode = ExitCode.Success;
        if (!stop.IsCancellationRequested && status.State is EngineState.Failed failed)
        {
            await TellAsync(logger, failed, options);
            exitCode = ExitCode.Failure;
            if (supervisor.WasReady && options.OnFailed == FailedAction.Stay)
            {
                Staying(logger);
                await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                exitCode = ExitCode.Success;
            }
        }
        bool isClean = await new StopSequence(options, request, activity, TimeProvider.System, logger).RunAsync(
            app,
            supervisor,
            isOrdered: exitCode == ExitCode.Success
        );
        return isClean ? exitCode : ExitCode.Failure;
    }

    private static async Task TellAsync(ILogger logger, EngineState.Failed failed, ServeOptions options)
    {
        string reason =
            failed.LastLines.Count == 0
                ? failed.Reason
                : $"{failed.Reason}\nThe engine's last lines:\n{string.Join('\n', failed.LastLines)}";
        EngineFailed(logger, reason);
        if (!options.LogToConsole)
            await Console.Error.WriteLineAsync($"error: {reason}");
    }

    private static WebApplication Build(ServeOptions options)
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(
            options.ProxyHost,
            options.ProxyPort,
            options.MaxRequestBytes,
            options.RequestHeadersTimeout
        );
        RotatingFile? file = options.LogFile is { } path
            ? new RotatingFile(path, options.LogFileMaxBytes, options.LogFileCount)
            : null;
        try
        {
            new LoggingConfiguration(
                options.LogLevel,
                options.LogFormat == LogFormat.Json,
                options.LogToConsole,
                file
            ).Apply(builder.Logging);
        }
        catch (Exception e) when (file is not null && e is IOException or UnauthorizedAccessException)
        {
            throw new StartException([
                $"--log-file: '{options.LogFile}' can't be written: {e.Message.TrimEnd('.')}. Give another path.",
            ]);
        }
        builder.Services.AddSingleton<IHostLifetime, SignalsAreOurs>();
        // StopSequence has the limit. A second one of the same length aborts requests before they are counted and
        // logged.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Timeout.InfiniteTimeSpan);
        return HttpServer.Build(builder, Module);
    }

    private static bool IsLoopback(string host) => host == "localhost" || IPAddress.IsLoopback(IPAddress.Parse(host));

    [LoggerMessage(LogLevel.Information, "Starting Deterministic Inference Server")]
    private static partial void Starting(ILogger logger);

    [LoggerMessage(LogLevel.Information, "Version {Version}, {Runtime}, {Platform}")]
    private static partial void Version(ILogger logger, string version, string runtime, string platform);

    [LoggerMessage(LogLevel.Critical, "The server does not start: {Reason}")]
    private static partial void NotStarted(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information, "Listening on {Url}; requests get 503 while the engine starts")]
    private static partial void Listening(ILogger logger, string url);

    [LoggerMessage(
        LogLevel.Warning,
        "Anyone who can reach {Host} can use the engine. Set --api-key-file, or listen on localhost"
    )]
    private static partial void OpenToAll(ILogger logger, string host);

    [LoggerMessage(LogLevel.Critical, "{Reason}")]
    private static partial void EngineFailed(ILogger logger, string reason);

    [LoggerMessage(
        LogLevel.Warning,
        "Staying (--on-failed stay): requests get 503 with the reason until the server is stopped"
    )]
    private static partial void Staying(ILogger logger);

    /// <summary>
    /// Replaces the host's own signal handling, which would end the process on a second signal before the engine is
    /// gone.
    /// </summary>
    private sealed class SignalsAreOurs : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
