using System.Text.Json;
using DeterministicInference.Server.Admission;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.Receipts;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// The server's routes: what is not listed here does not reach the engine, whose other routes are often open to anyone
/// and can change it. A request's path: key, is the engine ready, its turn, parse, check, pin, forward, relay.
/// </summary>
internal sealed partial class ProxyEndpoints : IDisposable
{
    public const string LogCategory = "deterministic_inference.proxy";

    private const string Completions = "/v1/completions", Chat = "/v1/chat/completions";

    private readonly InferenceOptions _options;
    private readonly BackendStatus _status;
    private readonly HealthReport _health;
    private readonly DeterminismPolicy _policy;
    private readonly AnswerPlans _plans;
    private readonly EnvironmentRoutes _environments;
    private readonly ReceiptRoutes? _receipts;
    private readonly BackendForwarder _forwarder;
    private readonly ModelRoutes _models;
    private readonly ApiKeyGate? _keys;
    private readonly CorsGate? _cors;
    private readonly ILogger _logger;

    /// <param name="options">Settings.</param>
    /// <param name="backend">The engine.</param>
    /// <param name="status">What the engine is doing.</param>
    /// <param name="activity">Is told of every request and every sign of the engine.</param>
    /// <param name="gpus">What JSON answers carry.</param>
    /// <param name="environments">Where answers are computed.</param>
    /// <param name="receipts">Keeps receipts; null where there are none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="loggers">For <see cref="LogCategory"/>.</param>
    public ProxyEndpoints(
        InferenceOptions options, IBackend backend, BackendStatus status, EngineActivity activity, GpuEnvironment gpus,
        EnvironmentRegistry environments, ReceiptStore? receipts, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options;
        _status = status;
        _policy = new DeterminismPolicy(options, backend.Requests, asksForTokenIds: receipts is not null);
        _plans = new AnswerPlans(options, environments, receipts is null ? null : new ReceiptIssuer(receipts, options, time));
        _environments = new EnvironmentRoutes(environments);
        _receipts = receipts is null ? null : new ReceiptRoutes(receipts);
        _logger = loggers.CreateLogger(LogCategory);
        _forwarder = new BackendForwarder(options, activity, gpus, _logger);
        _models = new ModelRoutes(options.ModelName, time);
        _cors = options.CorsOrigins.Count > 0 ? new CorsGate(options.CorsOrigins) : null;
        _keys = options.RequiresKey ? new ApiKeyGate(options) : null;
        Limit = new ConcurrencyLimit(options);
        _health = new HealthReport(options, status, activity, Limit, receipts, time);
    }

    /// <summary>How many requests are with the engine, and how many wait.</summary>
    public ConcurrencyLimit Limit { get; }

    public void Map(WebApplication routes)
    {
        // A preflight can't carry a key, so it is answered first.
        if (_cors is not null) routes.Use(_cors.InvokeAsync);
        if (_keys is not null) routes.Use(_keys.InvokeAsync);
        MapForwarded(Completions, RequestFields.Completion);
        MapForwarded(Chat, RequestFields.Chat);
        _models.Map(routes);
        _environments.Map(routes);
        _receipts?.Map(routes);
        routes.MapMethods("/health", ["GET", "HEAD"], HealthAsync);
        routes.MapMethods("/readyz", ["GET", "HEAD"], HealthAsync);
        routes.MapMethods("/livez", ["GET", "HEAD"], context => ApiJson.WriteAsync(context, StatusCodes.Status200OK, HealthReport.WriteAlive));

        // What is sent on is this path, never the client's spelling of it; a query is dropped.
        void MapForwarded(string path, ObjectType fields) => routes.MapPost(path, context => ForwardAsync(context, path, fields));
    }

    public void Dispose() => _forwarder.Dispose();

    private async Task ForwardAsync(HttpContext context, string path, ObjectType fields)
    {
        RequireEngine();
        // Until the engine says how many.
        context.Items[RequestLog.PromptTokens] = context.Items[RequestLog.CompletionTokens] = "-";

        // Before the body is read, so that a request that waits holds a connection and no memory: a full queue of largest bodies
        // would be --max-queue times --max-request-bytes. In return a slow sender keeps its slot while it
        // sends; Kestrel ends those below its least data rate.
        using ConcurrencySlot slot = await Limit.EnterAsync(context);
        // What was true before the wait need not be true after it.
        Uri engine = RequireEngine();
        PinnedRequest pinned;
        AnswerPlan plan;
        using (RequestBody body = await RequestBody.ReadAsync(context))
        {
            if (path == Chat && IsCompletion(body.Root)) (path, fields) = (Completions, RequestFields.Completion);
            IReadOnlyList<Coercion> coercions = fields.Check(body.Root);
            RequireModel(body.Root);
            pinned = _policy.Pin(body, coercions, isChat: path == Chat);
            plan = _plans.Create(path, body.Json.Span, pinned);
        }
        // While the body came the engine may have become another one, which must not answer in the name of the one before.
        engine = RequireEngine();
        foreach ((string name, string value) in pinned.Changes) Pinned(name, value, (string)context.Items[RequestLog.RequestId]!);
        using (plan.Seal) await _forwarder.ForwardAsync(context, BackendAddress.Of(engine, path), pinned.Json, pinned.IsStream, plan);
    }

    /// <summary>Some devices post every request to the chat route, also one that has a prompt and no messages.</summary>
    private static bool IsCompletion(JsonElement root) => !root.TryGetProperty("messages"u8, out _) && root.TryGetProperty("prompt"u8, out _);

    /// <exception cref="OpenAIException">503 with the reason: no request is taken at present.</exception>
    private Uri RequireEngine() => _status.State.Address ?? throw _health.NotReady();

    private void RequireModel(JsonElement root)
    {
        if (!_options.StrictModel || new FieldReader(root).Text("model") is not { } model || model == _options.ModelName) return;
        throw OpenAIException.UnknownModel(model, _options.ModelName);
    }

    private Task HealthAsync(HttpContext context)
    {
        bool isReady = _health.IsReady;
        if (!isReady) context.Response.Headers.RetryAfter = _health.RetryAfterNow;
        return ApiJson.WriteAsync(context, isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, _health.Write);
    }

    [LoggerMessage(LogLevel.Debug, "Pinned {Name}={Value} for {RequestId}")]
    private partial void Pinned(string name, string value, string requestId);
}
