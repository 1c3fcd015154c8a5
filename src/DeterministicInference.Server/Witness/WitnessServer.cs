using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Witness;

/// <summary>The <c>witness</c> command: cosigns checkpoints of other operators' logs.</summary>
internal static partial class WitnessServer
{
    private const string LogCategory = "deterministic_inference.witness";

    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Serves until a signal.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="IOException">The folder can't be used, or the address is in use.</exception>
    public static async Task<int> RunAsync(WitnessOptions options, CancellationToken cancellation)
    {
        using WitnessFolder folder = WitnessFolder.Open(options.Folder);
        using WitnessKeys keys = WitnessKeys.Open(folder.Path, options.Name, mayCreate: !folder.HasState);
        await using WebApplication app = Build(options);
        ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
        TimeProvider time = app.Services.GetRequiredService<TimeProvider>();
        List<WitnessedLog> logs = [];
        try
        {
            foreach (IGrouping<string, NoteKey> log in options.Logs.GroupBy(key => key.Name, StringComparer.Ordinal))
                logs.Add(WitnessedLog.Open([.. log], keys, folder, time, logger));
            new WitnessRoutes(keys, logs, logger).Map(app);
            await app.StartAsync(cancellation);
            foreach (Cosigner cosigner in keys.Cosigners)
                Key(logger, $"{cosigner.Key}");
            foreach (WitnessedLog log in logs)
                Witnesses(logger, log.Origin);
            foreach (string url in app.Urls)
                Listening(logger, url);
            await app.WaitForShutdownAsync(cancellation);
            return ExitCode.Success;
        }
        finally
        {
            foreach (WitnessedLog log in logs)
                log.Dispose();
        }
    }

    private static WebApplication Build(WitnessOptions options)
    {
        WebApplicationBuilder builder = HttpServer.CreateBuilder(
            options.Host,
            options.Port,
            WitnessRoutes.MaxRequestBytes,
            new ServeOptions().RequestHeadersTimeout
        );
        new LoggingConfiguration(options.LogLevel).Apply(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = DrainTimeout);
        WebApplication app = HttpServer.Build(builder, LogCategory);
        app.Use(
            (context, next) => context.GetEndpoint() is null ? WitnessRoutes.AnswerUnknownAsync(context) : next(context)
        );
        return app;
    }

    [LoggerMessage(LogLevel.Information, "Verifier key {Key}")]
    private static partial void Key(ILogger logger, string key);

    [LoggerMessage(LogLevel.Information, "Witnesses the log {Origin}")]
    private static partial void Witnesses(ILogger logger, string origin);

    [LoggerMessage(LogLevel.Information, "Listening on {Url}")]
    private static partial void Listening(ILogger logger, string url);
}
