using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Net.Sockets;
using System.Security.Cryptography;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;
using DeterministicInference.Server.Supervision;
using Microsoft.Extensions.Primitives;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// Sends requests to the engine, over HTTP/1.1 and with headers from an allow-list. The engine may take any time to
/// answer unless a setting limits it; otherwise only the client ends a request.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="answers">How the engine's answers are.</param>
/// <param name="engineKey">Key that is sent to the engine; null where it requires none.</param>
/// <param name="activity">Notified of every request and of every byte of the engine.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Of the gateway.</param>
/// <param name="socketPath">Unix socket on which the engine listens; null for none.</param>
internal sealed class EngineForwarder(
    ServeOptions options,
    AnswerRules answers,
    string? engineKey,
    EngineActivity activity,
    TimeProvider time,
    ILogger logger,
    string? socketPath = null
) : IDisposable
{
    private readonly EngineTimeLimits _limits = new(
        options.ConnectTimeout,
        options.FirstByteTimeout,
        options.IdleTimeout
    );

    private readonly string? _authorization = engineKey is null ? null : $"Bearer {engineKey}";

    /// <summary>
    /// Headers of a request that are forwarded: tracing, and the client's Authorization unless it holds a key of this
    /// server or is replaced by the key of the engine.
    /// </summary>
    private readonly string[] _requestHeaders =
        options.RequiresKey || engineKey is not null
            ? ["traceparent", "tracestate"]
            : ["Authorization", "traceparent", "tracestate"];

    private readonly EngineClient _client = new(options.ConnectTimeout, logger, socketPath);

    private readonly FailedSends _failures = new(time, logger);

    /// <summary>Sends a request.</summary>
    /// <param name="context">The client's request.</param>
    /// <param name="url">The engine's route.</param>
    /// <param name="route">The same route.</param>
    /// <param name="request">What is sent.</param>
    /// <param name="atOnce">Requests that the engine may get at once, where the request has parts.</param>
    /// <returns>The exchange; its answer is still pending.</returns>
    public EngineExchange Begin(HttpContext context, Uri url, RequestRoute route, PinnedRequest request, int atOnce)
    {
        RequestFacts facts = RequestFacts.Of(context);
        if (request.Parts is not { } parts)
            return BeginOne(request.Json, facts.RequestId, context.RequestAborted);
        var exchange = new EngineExchange(
            activity: null,
            // Each part has its own limits.
            new EngineTimeouts(EngineTimeLimits.None, activity, time),
            facts,
            context.RequestAborted
        )
        {
            Route = route,
        };
        exchange.Send(
            new PromptFanOut(
                parts.Count,
                Math.Min(atOnce, PromptFanOut.MostAtOnce),
                request.IsStream,
                request.ChoicesPerPrompt,
                // Two requests of one id at a time may meet in an engine (vLLM makes its own of it).
                (prompt, end) => BeginOne(parts.Request(prompt), $"{facts.RequestId}-{prompt}", end)
            )
        );
        return exchange;

        EngineExchange BeginOne(ReadOnlyMemory<byte> body, string id, CancellationToken end)
        {
            var one = new EngineExchange(activity, new EngineTimeouts(_limits, activity, time), facts, end)
            {
                Route = route,
            };
            bool isLast = request.IsStream && answers.ClosesAfterStream;
            one.Send(_client, () => Create(context.Request, url, body, id, isLast));
            return one;
        }
    }

    /// <summary>The client's error for a failure of the engine; null for a failure of this server.</summary>
    public OpenAIException? Explain(Exception e, string requestId)
    {
        if (e is OpenAIException known)
            return known;
        if (e is not (HttpRequestException or OperationCanceledException))
            return null;
        _failures.Add(requestId, DescribeFailure(e));
        return e is HttpRequestException broken
            ? GatewayErrors.Of(broken.HttpRequestError)
            : GatewayErrors.ConnectTimeout(_limits.Connect);
    }

    public void Dispose()
    {
        _client.Dispose();
        _failures.Dispose();
    }

    /// <summary>
    /// The failure without the exception's message, which may quote what the engine sent.
    /// </summary>
    private string DescribeFailure(Exception e)
    {
        if (e is not HttpRequestException broken)
            return $"no connection within {_limits.Connect.TotalSeconds} s (--connect-timeout)";
        SocketError? error = null;
        for (Exception? inner = e; inner is not null && error is null; inner = inner.InnerException)
            error = (inner as SocketException)?.SocketErrorCode;
        string problem = broken.HttpRequestError switch
        {
            HttpRequestError.ConnectionError when error == SocketError.ConnectionRefused => "it refused the connection",
            HttpRequestError.ConnectionError => "no connection",
            HttpRequestError.NameResolutionError => "the name of its host can't be resolved",
            HttpRequestError.SecureConnectionError => "no TLS connection",
            HttpRequestError.ResponseEnded => "it closed the connection before its answer was complete",
            HttpRequestError.InvalidResponse => "its answer is not valid HTTP",
            HttpRequestError.ConfigurationLimitExceeded => "its answer is too large",
            _ => "the connection broke",
        };
        return error is null or SocketError.ConnectionRefused ? problem : $"{problem} ({error})";
    }

    /// <param name="isLast">Whether its connection ends with the answer.</param>
    private HttpRequestMessage Create(HttpRequest from, Uri url, ReadOnlyMemory<byte> body, string id, bool isLast)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ReadOnlyMemoryContent(body)
            {
                Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) },
            },
        };
        if (isLast)
            request.Headers.ConnectionClose = true;
        // The answer is edited as text, so it must not be compressed.
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        // Unique, as a client may use an id twice, and vLLM takes the header for the id of its own request, of which
        // two in flight break each other (vllm-project/vllm#15041; since #27987 it adds a suffix itself).
        request.Headers.TryAddWithoutValidation(RequestIdMiddleware.Header, $"{id}-{NewSuffix()}");
        if (_authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", _authorization);
        foreach (string name in _requestHeaders)
        {
            if (from.Headers.TryGetValue(name, out StringValues values))
                request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        return request;
    }

    private static string NewSuffix() => RandomNumberGenerator.GetHexString(8, lowercase: true);
}
