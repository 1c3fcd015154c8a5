using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway.Admission;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts.Http;
using DeterministicInference.Server.Receipts.Issuing;
using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Receipts.Witnesses;
using DeterministicInference.Server.Supervision;

namespace DeterministicInference.Server.Gateway;

/// <summary>Composes the gateway: the one place where its parts are created and its routes are mapped.</summary>
internal sealed class GatewayComposition : IDisposable
{
    public const string LogCategory = "deterministic_inference.proxy";

    private readonly EngineForwarder _forwarder;

    /// <param name="app">Receives middlewares and routes; provides clock and loggers.</param>
    /// <param name="options">Settings.</param>
    /// <param name="keys">Keys of the settings.</param>
    /// <param name="engine">The engine's kind.</param>
    /// <param name="status">State of the engine.</param>
    /// <param name="activity">Notified of every request and of every byte of the engine.</param>
    /// <param name="gpus">GPU facts for the member <c>environment</c> of JSON answers.</param>
    /// <param name="environments">The environments in which answers are computed.</param>
    /// <param name="receipts">Stores receipts; null where receipts are off.</param>
    /// <param name="witnesses">Has the log's checkpoints cosigned; null where no policy is set.</param>
    public GatewayComposition(
        WebApplication app,
        ServeOptions options,
        ServeKeys keys,
        IEngineKind engine,
        EngineStatus status,
        EngineActivity activity,
        GpuEnvironment gpus,
        EnvironmentRegistry environments,
        ReceiptStore? receipts,
        CheckpointWitnesses? witnesses = null
    )
    {
        TimeProvider time = app.Services.GetRequiredService<TimeProvider>();
        ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(LogCategory);
        ReceiptIssuer? issuer = receipts is null
            ? null
            : new ReceiptIssuer(receipts, environments, witnesses, options, time);
        AnswerRules answers = EngineRegistry.BuiltIn.AnswersOf(engine);
        _forwarder = new EngineForwarder(
            options,
            answers,
            status.Endpoint.Key ?? keys.Engine,
            activity,
            time,
            logger,
            status.Endpoint.SocketPath
        );
        Limit = new ConcurrencyLimit(options, engine.RequestsAtOnce(options), time);
        var health = new HealthReport(options, status, activity, Limit, receipts, witnesses, time);
        var pipeline = new RequestPipeline(
            options,
            () => status.Assessment.Models,
            health,
            Limit,
            new DeterminismPolicy(
                options,
                engine.Requests,
                EngineRegistry.BuiltIn.SupportOf(engine),
                hasReceipts: receipts is not null,
                () => engine.SeedsOf(status.Assessment.EngineVersion)
            ),
            new AnswerHandlingFactory(options, answers, environments, issuer),
            _forwarder,
            gpus.ToJsonString(),
            logger
        );

        // A preflight can't carry a key, so it is answered first.
        if (options.CorsOrigins.Count > 0)
            CrossOriginAccess.Use(app, options.CorsOrigins);
        if (options.RequiresKey)
            app.Use(new ApiKeyMiddleware(keys.Clients, receipts?.Owners, options.PublicLog).InvokeAsync);

        GatewayRoutes.MapGenerating(app, pipeline);
        GatewayRoutes.MapHealth(app, health);
        new ModelRoutes(() => status.Assessment.Models, time).Map(app);
        new EnvironmentRoutes(environments).Map(app);
        if (receipts is null)
            return;
        new ReceiptRoutes(receipts, witnesses, options.ReceiptsVisible).Map(app);
        new LogRoutes(receipts, witnesses, options.PublicLog || !options.RequiresKey).Map(app);
    }

    /// <summary>Limits requests in flight and in the queue.</summary>
    public ConcurrencyLimit Limit { get; }

    public void Dispose() => _forwarder.Dispose();
}
