using System.Net;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Cli;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Proxy;

namespace DeterministicInference.Server.Hosting;

/// <summary><c>serve</c>: an engine, and the door in front of it.</summary>
internal static partial class InferenceServer
{
    public const string Module = "deterministic_inference.server";

    /// <summary>Serves until it is asked to stop or the engine fails.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(InferenceOptions options, CancellationToken cancellation)
    {
        IBackend backend = BackendRegistry.Find(options.Backend)!;
        var status = new BackendStatus(options.BackendUrl ?? new Uri($"http://{ReachableHost(options.BackendHost)}:{options.BackendPort}"));
        var activity = new EngineActivity(TimeProvider.System);
        using StopRequest request = StopRequest.Listen(options);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, request.Stop);

        await using WebApplication app = Build(options);
        ILoggerFactory loggers = app.Services.GetRequiredService<ILoggerFactory>();
        ILogger logger = loggers.CreateLogger(Module);
        Starting(logger);
        using var endpoints = new ProxyEndpoints(options, status, activity, GpuEnvironment.Collect(), app.Services.GetRequiredService<TimeProvider>(), loggers);
        endpoints.Map(app);
        await app.StartAsync(stop.Token);
        foreach (string url in app.Urls) Listening(logger, url);
        if (!options.RequiresKey && !IsLoopback(options.ProxyHost)) OpenToAll(logger, options.ProxyHost);

        await using var supervisor = new BackendSupervisor(backend, options, status, loggers);
        await supervisor.RunAsync(stop.Token);

        int exitCode = ExitCode.Success;
        if (status.State is BackendState.Failed failed)
        {
            string reason = failed.LastLines.Count == 0 ? failed.Reason : $"{failed.Reason}\nThe engine's last lines:\n{string.Join('\n', failed.LastLines)}";
            EngineFailed(logger, reason);
            if (!options.LogToConsole) await Console.Error.WriteLineAsync($"error: {reason}");
            exitCode = ExitCode.Failure;
        }
        else
        {
            supervisor.BeginStopping();
            Stopping(logger, request.Reason);
        }
        using var drain = CancellationTokenSource.CreateLinkedTokenSource(request.Now);
        drain.CancelAfter(options.DrainTimeout);
        await app.StopAsync(drain.Token);
        await supervisor.StopAsync(request.Now);
        Stopped(logger);
        return exitCode;
    }

    private static WebApplication Build(InferenceOptions options)
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(options.ProxyHost, options.ProxyPort, options.MaxRequestBytes);
        new LogSetup(options.LogLevel, options.LogFormat == "json", options.LogToConsole, options.LogFile).Apply(builder.Logging);
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

    [LoggerMessage(LogLevel.Information, "Stopping ({Reason}): requests in flight may finish")]
    private static partial void Stopping(ILogger logger, string reason);

    [LoggerMessage(LogLevel.Information, "Stopped")]
    private static partial void Stopped(ILogger logger);

    /// <summary>The host's own handler would end the process on a second signal before the engine is gone.</summary>
    private sealed class SignalsAreOurs : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
