using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Mime;
using System.Text;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using Microsoft.Extensions.Primitives;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// Sends a request to the engine and its answer to the client. A request is sent once: an engine that may have begun is
/// never asked again. The engine may take any time to answer; it is only the client's patience that ends a request.
/// </summary>
internal sealed partial class BackendForwarder(InferenceOptions options, EngineActivity activity, GpuEnvironment environment, ILogger logger) : IDisposable
{
    private const string EventStream = "text/event-stream";

    /// <summary>uvicorn closes a connection after 5 s without a request, and one that it is closing must not be used.
    /// Connections above this age are removed once per second.</summary>
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(3);

    /// <summary>An answer that is left early closes its connection after this time: that is how the engine learns of it.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMilliseconds(200);

    /// <summary>Largest JSON answer, in bytes.</summary>
    private const int LargestAnswer = 256 << 20;

    /// <summary>Headers of a request that the engine gets to see: who sends it, unless that is shown by a key of this server's
    /// own, and the trace that it belongs to.</summary>
    private readonly string[] _requestHeaders = options.RequiresKey ? ["traceparent", "tracestate"] : ["Authorization", "traceparent", "tracestate"];

    /// <summary>Headers of an answer that the client gets to see.</summary>
    private static readonly string[] ResponseHeaders =
    [
        "Retry-After", "openai-processing-ms",
        "x-ratelimit-limit-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens",
    ];

    private readonly AnswerRelay _answers = new(environment);

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionIdleTimeout = IdleConnection,
        ResponseDrainTimeout = DrainTimeout,
        // A client's header may hold any text; what it means is the engine's business.
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    });

    /// <param name="context">The client's request.</param>
    /// <param name="url">The engine's route.</param>
    /// <param name="body">What to send.</param>
    /// <param name="isStream">Whether an answer in events was asked for.</param>
    /// <exception cref="OpenAIException">Nothing has been sent to the client yet.</exception>
    public async Task ForwardAsync(HttpContext context, Uri url, ReadOnlyMemory<byte> body, bool isStream)
    {
        string id = (string)context.Items[RequestLog.RequestId]!;
        Forwarding(url, body.Length, isStream, id);
        activity.Begin();
        try
        {
            using HttpRequestMessage request = Create(context.Request, url, body, id);
            long sent = Stopwatch.GetTimestamp();
            using HttpResponseMessage response = await _invoker.SendAsync(request, context.RequestAborted);
            activity.Progress();
            context.Items[RequestLog.FirstByte] = Stopwatch.GetElapsedTime(sent);
            if (!response.IsSuccessStatusCode) throw await ErrorAsync(response, context.RequestAborted);
            RelayHeaders(response, context.Response);
            if (response.Content.Headers.ContentType?.MediaType == EventStream) await StreamAsync(context, response, id);
            else if (isStream) throw BackendFailures.BadAnswer("a stream was asked for, and its answer is none.");
            else await _answers.SendAsync(context, await BytesAsync(response, context.RequestAborted), (int)response.StatusCode);
        }
        catch (HttpRequestException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            Failed(id, e);
            throw BackendFailures.Of(e.HttpRequestError);
        }
        catch (OperationCanceledException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            Failed(id, e);
            throw BackendFailures.ConnectTimeout(options.ConnectTimeout);
        }
        catch (OpenAIException e) when (e.Status >= 500)
        {
            Refused(id, e.Status, Logged(e));
            throw;
        }
        finally
        {
            activity.End();
        }
    }

    public void Dispose() => _invoker.Dispose();

    private HttpRequestMessage Create(HttpRequest from, Uri url, ReadOnlyMemory<byte> body, string id)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) } },
        };
        // What is spliced must not be compressed.
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "identity");
        request.Headers.TryAddWithoutValidation(RequestLog.RequestId, id);
        foreach (string name in _requestHeaders)
        {
            if (from.Headers.TryGetValue(name, out StringValues values)) request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }
        return request;
    }

    private static void RelayHeaders(HttpResponseMessage from, HttpResponse to)
    {
        foreach (string name in ResponseHeaders)
        {
            if (Header(from, name) is { } value) to.Headers[name] = value;
        }
    }

    /// <summary>A header's only value, where it is one that may be sent on.</summary>
    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) && values is { Count: 1 } && values.ToString() is var value && Ascii.IsValid(value) && !value.Any(char.IsControl)
            ? value
            : null;

    private async Task StreamAsync(HttpContext context, HttpResponseMessage response, string id)
    {
        if (response.Content.Headers.ContentEncoding.Count > 0) throw BackendFailures.BadAnswer("its stream is encoded, which was not asked for.");
        await using Stream events = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        if (await new StreamRelay(context, events, activity).RunAsync() is not { } broken) return;
        Broken(id, Logged(broken));
        context.Items[RequestLog.BrokenStatus] = broken.Status;
        await OpenAIError.SendEventAsync(context, broken);
        context.Abort();
    }

    private static async Task<OpenAIException> ErrorAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        int status = (int)response.StatusCode;
        if (status is < 400 or > 599) return BackendFailures.BadAnswer($"it answered with status {status}.");
        string? retryAfter = Header(response, "Retry-After") ?? (status is 429 or 503 ? HealthReport.RetryAfter : null);
        return BackendErrors.Read(status, await BytesAsync(response, cancellation), response.Content.Headers.ContentType?.MediaType, retryAfter);
    }

    private static async Task<byte[]> BytesAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentEncoding.Any(encoding => encoding != "identity")) throw BackendFailures.BadAnswer("its answer is encoded, which was not asked for.");
        await response.Content.LoadIntoBufferAsync(LargestAnswer, cancellation);
        return await response.Content.ReadAsByteArrayAsync(cancellation);
    }

    private static string Logged(OpenAIException e) => e.IsQuoted ? e.Code ?? e.Type : e.Message;

    [LoggerMessage(LogLevel.Debug, "Forwarding to {Url}: {Bytes} bytes, stream={IsStream}, {RequestId}")]
    private partial void Forwarding(Uri url, int bytes, bool isStream, string requestId);

    [LoggerMessage(LogLevel.Warning, "The backend did not answer {RequestId}")]
    private partial void Failed(string requestId, Exception e);

    [LoggerMessage(LogLevel.Warning, "{RequestId} is answered with {Status}: {Reason}")]
    private partial void Refused(string requestId, int status, string reason);

    [LoggerMessage(LogLevel.Warning, "The stream of {RequestId} broke: {Reason}")]
    private partial void Broken(string requestId, string reason);
}
