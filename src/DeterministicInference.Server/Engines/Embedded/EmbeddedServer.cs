using DeterministicInference.Engine;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>The <c>engine</c> command: serves the embedded engine over HTTP.</summary>
internal static partial class EmbeddedServer
{
    private const string LogCategory = "deterministic_inference.engine";

    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(30);

    public static SchedulerLimits Limits(EmbeddedEngineOptions options) =>
        new(options.Threads, options.MaxSequences, options.PrefillChunk, (long)options.CacheMebibytes << 20);

    /// <summary>The composition root: creates an application, not started, from options and a loaded engine.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="engine">The engine, owned by the caller.</param>
    public static WebApplication Build(EmbeddedEngineOptions options, EmbeddedEngine engine)
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(
            options.Host,
            options.Port,
            options.MaxRequestBytes,
            new ServeOptions().RequestHeadersTimeout,
            options.SocketPath
        );
        new LoggingConfiguration(options.LogLevel).Apply(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTimeout);
        WebApplication app = HttpServer.Build(builder, LogCategory, options.AccessLog);
        new EmbeddedEndpoints(engine, options, app.Services.GetRequiredService<TimeProvider>()).Map(app);
        return app;
    }

    /// <summary>Serves until a signal or a failure of the engine.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(EmbeddedEngineOptions options, CancellationToken cancellation)
    {
        Instructions.Use(options.Instructions);
        using EmbeddedEngine engine = EmbeddedEngine.Load(options.ModelFolder, Limits(options));
        await using WebApplication app = Build(options, engine);
        ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
        await app.StartAsync(cancellation);
        string model = options.ServedModelName ?? engine.ModelName;
        foreach (string url in app.Urls)
            Ready(logger, model, url, options.Threads, Instructions.Name, EmbeddedEngine.NumericsVersion);

        Task stopped = app.WaitForShutdownAsync(cancellation);
        if (await Task.WhenAny(stopped, engine.Scheduler.Failure) == stopped)
        {
            await stopped;
            return ExitCode.Success;
        }
        EngineFailed(logger, engine.Scheduler.Failure.Exception!.InnerException!);
        await app.StopAsync(CancellationToken.None);
        return ExitCode.Failure;
    }

    [LoggerMessage(
        LogLevel.Information,
        "Engine ready: model {Model} at {Url}, {Threads} threads, {Instructions}, numerics {Numerics}"
    )]
    private static partial void Ready(
        ILogger logger,
        string model,
        string url,
        int threads,
        string instructions,
        int numerics
    );

    [LoggerMessage(
        LogLevel.Critical,
        "The engine failed and can't continue. Restart it; if it fails again, report it with this log"
    )]
    private static partial void EngineFailed(ILogger logger, Exception e);
}
