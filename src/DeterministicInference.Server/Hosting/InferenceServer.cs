using System.Net;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Proxy;
using DeterministicInference.Server.Receipts;

namespace DeterministicInference.Server.Hosting;

/// <summary><c>serve</c>: an engine, and the door in front of it.</summary>
internal static partial class InferenceServer
{
    public const string Module = "deterministic_inference.server";

    /// <summary>Serves until it is asked to stop or the engine has failed for good.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(InferenceOptions options, CancellationToken cancellation)
    {
        using StopRequest request = StopRequest.Listen(options);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellation, request.Stop);
        CancellationToken stop = stopping.Token;
        IBackend backend = BackendRegistry.Find(options.Backend)!;
        var status = new BackendStatus(options.BackendUrl ?? new Uri($"http://{ReachableHost(options.BackendHost)}:{options.BackendPort}"));
        var activity = new EngineActivity(TimeProvider.System);
        await using WebApplication app = Build(options);
        ILoggerFactory loggers = app.Services.GetRequiredService<ILoggerFactory>();
        ILogger logger = loggers.CreateLogger(Module);
        Starting(logger);
        GpuEnvironment gpu = GpuEnvironment.Collect();
        await using ReceiptStore? receipts = options.Receipts == "off" ? null : ReceiptStore.Open(ReceiptStoreSettings.Of(options), TimeProvider.System, loggers.CreateLogger("deterministic_inference.receipts"));
        var environments = new EnvironmentRegistry(receipts);
        using var endpoints = new ProxyEndpoints(options, backend, status, activity, gpu, environments, receipts, TimeProvider.System, loggers);
        endpoints.Map(app);
        // Not cancelled: a stop that comes now goes the same way as any other, a moment later.
        await app.StartAsync(CancellationToken.None);
        foreach (string url in app.Urls) Listening(logger, url);
        if (!options.RequiresKey && !IsLoopback(options.ProxyHost)) OpenToAll(logger, options.ProxyHost);

        await using var supervisor = new BackendSupervisor(backend, options, MachineFactsReader.Read(options, gpu), status, activity, environments, TimeProvider.System, loggers);
        await supervisor.RunAsync(stop);
        int exitCode = ExitCode.Success;
        if (!stop.IsCancellationRequested && status.State is BackendState.Failed failed)
        {
            await TellAsync(logger, failed, options);
            exitCode = ExitCode.Failure;
            if (supervisor.WasReady && options.OnFailed == "stay")
            {
                Staying(logger);
                await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                exitCode = ExitCode.Success;
            }
        }
        bool isClean = await new StopSequence(options, request, activity, logger).RunAsync(app, supervisor, isOrdered: exitCode == ExitCode.Success);
        return isClean ? exitCode : ExitCode.Failure;
    }

    private static async Task TellAsync(ILogger logger, BackendState.Failed failed, InferenceOptions options)
    {
        string reason = failed.LastLines.Count == 0 ? failed.Reason : $"{failed.Reason}\nThe engine's last lines:\n{string.Join('\n', failed.LastLines)}";
        EngineFailed(logger, reason);
        if (!options.LogToConsole) await Console.Error.WriteLineAsync($"error: {reason}");
    }

    private static WebApplication Build(InferenceOptions options)
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(options.ProxyHost, options.ProxyPort, options.MaxRequestBytes);
        RotatingFile? file = options.LogFile is { } path ? new RotatingFile(path, options.LogFileMaxBytes, options.LogFileCount) : null;
        new LogSetup(options.LogLevel, options.LogFormat == "json", options.LogToConsole, file).Apply(builder.Logging);
        builder.Services.AddSingleton<IHostLifetime, SignalsAreOurs>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout);
        return HttpServer.Build(builder, Module);
    }

    private static bool IsLoopback(string host) => host == "localhost" || IPAddress.IsLoopback(IPAddress.Parse(host));

    /// <summary>An engine that listens on every address is reached by loopback; an IPv6 address stands in brackets.</summary>
    private static string ReachableHost(string host) => host switch
    {
        "0.0.0.0" => "127.0.0.1",
        "::" => "[::1]",
        _ => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host,
    };

    [LoggerMessage(LogLevel.Information, "Starting Deterministic Inference Server")]
    private static partial void Starting(ILogger logger);

    [LoggerMessage(LogLevel.Information, "Listening on {Url}; requests get 503 until the engine is ready")]
    private static partial void Listening(ILogger logger, string url);

    [LoggerMessage(LogLevel.Warning, "Anyone who can reach {Host} can use the engine. Set --api-key-file, or listen on localhost")]
    private static partial void OpenToAll(ILogger logger, string host);

    [LoggerMessage(LogLevel.Critical, "{Reason}")]
    private static partial void EngineFailed(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Warning, "Staying (--on-failed stay): requests get 503 with the reason until the server is stopped")]
    private static partial void Staying(ILogger logger);

    /// <summary>The host's own handler would end the process on a second signal before the engine is gone.</summary>
    private sealed class SignalsAreOurs : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
