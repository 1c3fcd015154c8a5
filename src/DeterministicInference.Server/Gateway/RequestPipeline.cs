using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway.Admission;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Gateway;

/// <summary>
/// The steps of a generating request. Before it run the middlewares of <see cref="HttpServer"/> (id,
/// access log, errors), <see cref="CrossOriginAccess"/> and <see cref="ApiKeyMiddleware"/>.
/// <code>
///           1 admit   require a ready server (503), wait for a slot (429), require a ready server again
///           2 read    UTF-8, one JSON object, no duplicate keys (400, 413, 415); parsed once
///           3 check   known fields against one table (400)
///           4 pin     set or refuse what could make the answer vary, refuse what the engine would ignore (400);
///                     begin the receipt
/// client ─► 5 forward ─► engine
///        ◄─ 6 relay   ◄─ read the answer once: hash, count, rewrite, relay
///        ◄─ 7 seal    store the receipt before the answer's last bytes are sent
/// </code>
/// Steps 1 to 4 end before the first byte of the answer. Sockets run with inline completions, so no step may block.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="served">The models that the engine serves now.</param>
/// <param name="health">Whether requests are accepted.</param>
/// <param name="limit">Limits requests in flight.</param>
/// <param name="policy">Pins or refuses request fields.</param>
/// <param name="handlings">Creates the handling of an answer.</param>
/// <param name="forwarder">Sends to the engine.</param>
/// <param name="environment">The value of the member <c>environment</c> of JSON answers, as JSON.</param>
/// <param name="logger">The gateway's logger.</param>
internal sealed partial class RequestPipeline(
    ServeOptions options,
    Func<ServedModels> served,
    HealthReport health,
    ConcurrencyLimit limit,
    DeterminismPolicy policy,
    AnswerHandlingFactory handlings,
    EngineForwarder forwarder,
    byte[] environment,
    ILogger logger
)
{
    /// <summary>Answers a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="route">The route that received the request.</param>
    /// <exception cref="OpenAIException">Nothing has been sent to the client yet.</exception>
    public async Task RunAsync(HttpContext context, RequestRoute route)
    {
        // :: 1 admit
        using ConcurrencySlot slot = await AdmitAsync(context);

        GatewayRequest request;
        // :: 2 read
        using (RequestBody body = await RequestBody.ReadAsync(context))
        {
            // :: 3 check
            CheckedRequest known = Check(ServingRoute(route, body), body);
            // :: 4 pin
            request = Pin(known, RequestFacts.Of(context));
        }

        using AnswerHandling handling = request.Handling;
        // The engine may have been replaced while the body was read; the new one must not answer in the name of the old
        // one.
        Uri engine = EngineUrl.Combine(health.RequireReady(), request.Route.Path());
        IAnswerRelay relay = request.Pinned.IsStream
            ? new StreamRelay(
                context,
                options,
                handling,
                hasComments: !request.Pinned.WantsNoComments && !ReceiptHeaders.AsksForHeaderOnly(context.Request)
            )
            : new JsonRelay(context, options, handling, environment);
        Forwarding(engine, request.Pinned.Json.Length, request.Pinned.IsStream, RequestFacts.Of(context).RequestId);
        try
        {
            // :: 5 forward
            await using EngineExchange exchange = forwarder.Begin(
                context,
                engine,
                request.Route,
                request.Pinned,
                limit.Limit
            );
            // :: 6 relay
            bool isRead = await relay.RelayAsync(exchange);
            // :: 7 seal
            if (isRead)
                isRead = await relay.FinishAsync(exchange, handling.SealAsync(exchange.Cancellation));
            if (!isRead)
                LeaveUnread(RequestFacts.Of(context));
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested && Explain(e, context) is { } failure)
        {
            // The exchange is over: all pending operations on the engine have ended.
            await FailAsync(context, relay, failure, request.Pinned.IsStream, isKnown: e is OpenAIException);
        }
        finally
        {
            // What was sent of a broken answer gets a receipt too, which says that it is incomplete.
            if (relay.HasBegun)
                await handling.SealIncompleteAsync();
        }
    }

    /// <summary>
    /// Waits for a slot before the body is read: a waiting request holds a connection and no memory, where a full queue
    /// of largest bodies would take --max-queue times --max-request-bytes. In return a slow sender keeps its slot while
    /// it sends; Kestrel ends those below its minimum data rate
    /// (https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/options).
    /// </summary>
    private async ValueTask<ConcurrencySlot> AdmitAsync(HttpContext context)
    {
        health.RequireReady();
        RequestFacts facts = RequestFacts.Of(context);
        // Unknown until the engine reports them.
        facts.PromptTokens = facts.CompletionTokens = null;
        ConcurrencySlot slot = await limit.EnterAsync(facts, context.RequestAborted);
        try
        {
            // The state may have changed during the wait.
            health.RequireReady();
            return slot;
        }
        catch
        {
            slot.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Some clients post every request to the chat route, including requests with a prompt and without messages
    /// (HyperBEAM's inference device); those are served as completions.
    /// </summary>
    private static RequestRoute ServingRoute(RequestRoute route, RequestBody body)
    {
        bool isCompletion =
            route == RequestRoute.Chat
            && !body.Root.TryGetProperty("messages"u8, out _)
            && body.Root.TryGetProperty("prompt"u8, out _);
        return isCompletion ? RequestRoute.Completions : route;
    }

    private CheckedRequest Check(RequestRoute route, RequestBody body)
    {
        CheckedRequest request = RequestFields.Check(body, route, acceptsText: true);
        if (options.StrictModel && request.Model is { } name && name != options.ServedModelName)
            RequireListed(name, served());
        return request;
    }

    /// <summary>Refuses a name that the engine does not list. One that lists none decides by itself.</summary>
    private void RequireListed(string name, ServedModels models)
    {
        if (models.Main is not null && !policy.Knows(name, models))
            throw OpenAIException.UnknownModel(name, models);
    }

    private GatewayRequest Pin(CheckedRequest request, RequestFacts facts)
    {
        PinnedRequest pinned = policy.Pin(request, served());
        facts.Seed = pinned.DrawnSeed;
        AnswerHandling handling = handlings.Create(request, pinned, facts.ReceiptOwner);
        foreach ((string name, string value) in pinned.Changes)
            Pinned(name, value, facts.RequestId);
        return new GatewayRequest(request.Route, pinned, handling);
    }

    private OpenAIException? Explain(Exception e, HttpContext context) =>
        forwarder.Explain(e, RequestFacts.Of(context).RequestId);

    /// <summary>
    /// Reports a failure to the client: with its status if none was sent yet, else within the answer.
    /// </summary>
    private async Task FailAsync(
        HttpContext context,
        IAnswerRelay relay,
        OpenAIException failure,
        bool isStream,
        bool isKnown
    )
    {
        RequestFacts facts = RequestFacts.Of(context);
        // The engine's text may quote the prompt, so only its code is logged.
        string reason = failure.IsQuoted ? failure.Code ?? failure.Type : failure.Message;
        if (!relay.HasBegun)
        {
            if (isKnown && failure.Status >= StatusCodes.Status500InternalServerError)
                Refused(facts.RequestId, failure.Status, reason);
            throw failure;
        }
        if (isStream)
            Broken(facts.RequestId, reason);
        else
            FailedLate(facts.RequestId, failure.Status, reason);
        facts.LoggedStatus = failure.Status;
        await relay.FailAsync(failure);
    }

    private void LeaveUnread(RequestFacts facts)
    {
        Unread(facts.RequestId, options.SlowReaderTimeout.TotalSeconds);
        facts.LoggedStatus = StatusCodes.Status499ClientClosedRequest;
    }

    [LoggerMessage(LogLevel.Debug, "Pinned {Name}={Value} for {RequestId}")]
    private partial void Pinned(string name, string value, string requestId);

    [LoggerMessage(LogLevel.Debug, "Forwarding to {Url}: {Bytes} bytes, stream={IsStream}, {RequestId}")]
    private partial void Forwarding(Uri url, int bytes, bool isStream, string requestId);

    [LoggerMessage(LogLevel.Warning, "{RequestId} gets status {Status}: {Reason}")]
    private partial void Refused(string requestId, int status, string reason);

    [LoggerMessage(
        LogLevel.Warning,
        "The client of {RequestId} read nothing for {Seconds} s; its connection is closed"
    )]
    private partial void Unread(string requestId, double seconds);

    [LoggerMessage(LogLevel.Warning, "The stream of {RequestId} broke: {Reason}")]
    private partial void Broken(string requestId, string reason);

    [LoggerMessage(
        LogLevel.Warning,
        "{RequestId} gets status {Status} within an answer whose status 200 was sent (--json-heartbeat): {Reason}"
    )]
    private partial void FailedLate(string requestId, int status, string reason);
}
