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
/// Sends a request to the engine and its answer to the client. The engine may take any time to answer unless a setting limits it;
/// else it is only the client's patience that ends a request.
/// </summary>
internal sealed partial class BackendForwarder(InferenceOptions options, EngineActivity activity, GpuEnvironment environment, ILogger logger) : IDisposable
{
    private const string EventStream = "text/event-stream";

    /// <summary>Largest JSON answer, and largest error, in bytes.</summary>
    private const int LargestAnswer = 256 << 20, LargestError = 1 << 20;

    private const int ClientClosedRequest = 499;

    /// <summary>What the engine is shown as this server's own, where it wants a key.</summary>
    private readonly string? _authorization = BackendKey.Read(options).Key is { } key ? $"Bearer {key}" : null;

    /// <summary>Headers of a request that the engine gets to see: who sends it, unless that is shown by a key of this server's
    /// own or is nothing to the engine, and the trace that it belongs to.</summary>
    private readonly string[] _requestHeaders = options.RequiresKey || options.HasBackendKey ? ["traceparent", "tracestate"] : ["Authorization", "traceparent", "tracestate"];

    /// <summary>Headers of an answer that the client gets to see.</summary>
    private static readonly string[] ResponseHeaders =
    [
        "Retry-After", "openai-processing-ms",
        "x-ratelimit-limit-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens",
        "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens",
    ];

    private readonly AnswerRelay _answers = new(environment);
    private readonly BackendClient _client = new(options.ConnectTimeout, logger);

    /// <param name="context">The client's request.</param>
    /// <param name="url">The engine's route.</param>
    /// <param name="body">What to send.</param>
    /// <param name="isStream">Whether an answer in events was asked for.</param>
    /// <param name="plan">What happens to the answer.</param>
    /// <exception cref="OpenAIException">Nothing has been sent to the client yet.</exception>
    public async Task ForwardAsync(HttpContext context, Uri url, ReadOnlyMemory<byte> body, bool isStream, AnswerPlan plan)
    {
        string id = (string)context.Items[RequestLog.RequestId]!;
        Forwarding(url, body.Length, isStream, id);
        using var upstream = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        using var clock = new AnswerClock(options, activity);
        StreamRelay? stream = isStream ? new(context, options, clock, plan) : null;
        Task<HttpResponseMessage>? sending = null;
        activity.Begin();
        try
        {
            sending = _client.SendAsync(() => Create(context.Request, url, body, id), upstream.Token);
            if (stream is null) await AnswerAsync(context, sending, clock, plan, upstream.Token);
            else if (!await StreamAsync(context, sending, clock, stream, upstream.Token)) LeaveUnread(context, id);
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested && Failure(e, id) is { } failure)
        {
            // Whatever is still awaited of the engine ends now, not when the client has been told.
            await upstream.CancelAsync();
            if (stream is { IsOpen: true })
            {
                await BreakAsync(context, failure, id);
                return;
            }
            if (e is OpenAIException && failure.Status >= 500) Refused(id, failure.Status, Logged(failure));
            throw failure;
        }
        finally
        {
            if (clock.BeforeFirstByte is { } wait) context.Items[RequestLog.FirstByte] = wait;
            if (sending is not null) await EndAsync(sending, upstream);
            activity.End();
            // What was sent of a stream that broke has its receipt too, which says that it is incomplete.
            if (stream is { IsOpen: true } && plan.Seal is { IsSealed: false }) await plan.Seal.AbandonAsync();
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Gives the connection back, or closes it where the answer was not read to its end.</summary>
    private static async ValueTask EndAsync(Task<HttpResponseMessage> sending, CancellationTokenSource upstream)
    {
        if (!sending.IsCompleted) await upstream.CancelAsync();
        await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (sending.IsCompletedSuccessfully) (await sending).Dispose();
    }

    private async Task AnswerAsync(HttpContext context, Task<HttpResponseMessage> sending, AnswerClock clock, AnswerPlan plan, CancellationToken cancellation)
    {
        if (!sending.IsCompleted)
        {
            clock.Watch(sending.GetAwaiter());
            await clock.CompletedAsync();
        }
        HttpResponseMessage response = await sending;
        RequireOneLength(response.Content.Headers);
        clock.Progress();
        if (!response.IsSuccessStatusCode) throw await ErrorAsync(response, clock, cancellation);
        if (response.Content.Headers.ContentType?.MediaType == EventStream) throw BackendFailures.BadAnswer("it answered with a stream, which was not asked for.");
        ReadOnlyMemory<byte> answer = await AnswerReader.ReadAsync(response, LargestAnswer, clock, cancellation);
        RelayHeaders(response, context.Response);
        await _answers.SendAsync(context, answer, (int)response.StatusCode, plan);
    }

    /// <returns>False where the client stopped reading.</returns>
    private static async Task<bool> StreamAsync(HttpContext context, Task<HttpResponseMessage> sending, AnswerClock clock, StreamRelay stream, CancellationToken cancellation)
    {
        await stream.HeadersAsync(sending);
        HttpResponseMessage response = await sending;
        RequireOneLength(response.Content.Headers);
        if (!response.IsSuccessStatusCode) throw await ErrorAsync(response, clock, cancellation);
        if (response.Content.Headers.ContentType?.MediaType != EventStream) throw BackendFailures.BadAnswer("a stream was asked for, and its answer is none.");
        if (!stream.IsOpen) RelayHeaders(response, context.Response);
        await using Stream events = AnswerEncoding.Decode(await response.Content.ReadAsStreamAsync(cancellation), response.Content.Headers);
        return await stream.RelayAsync(events, cancellation);
    }

    /// <summary>With two lengths, where the answer ends would be a guess.</summary>
    private static void RequireOneLength(HttpContentHeaders headers)
    {
        if (!headers.NonValidated.TryGetValues("Content-Length", out HeaderStringValues lengths) || (lengths.Count == 1 && headers.ContentLength is not null)) return;
        throw BackendFailures.Of(HttpRequestError.InvalidResponse);
    }

    /// <summary>What the client is told of a failure of the engine; null for one of our own.</summary>
    private OpenAIException? Failure(Exception e, string id)
    {
        if (e is OpenAIException known) return known;
        if (e is not (HttpRequestException or OperationCanceledException)) return null;
        Failed(id, e);
        return e is HttpRequestException broken ? BackendFailures.Of(broken.HttpRequestError) : BackendFailures.ConnectTimeout(options.ConnectTimeout);
    }

    private async Task BreakAsync(HttpContext context, OpenAIException failure, string id)
    {
        Broken(id, Logged(failure));
        context.Items[RequestLog.BrokenStatus] = failure.Status;
        await OpenAIError.SendEventAsync(context, failure);
        context.Abort();
    }

    private void LeaveUnread(HttpContext context, string id)
    {
        Unread(id, StreamRelay.ReaderPatience.TotalSeconds);
        context.Items[RequestLog.BrokenStatus] = ClientClosedRequest;
    }

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
        if (_authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", _authorization);
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

    /// <summary>A header's only value, where it is one that may be sent on: the ones that Connection lists are for us alone.</summary>
    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out HeaderStringValues values) && values is { Count: 1 } && values.ToString() is var value
        && Ascii.IsValid(value) && !value.Any(char.IsControl) && !response.Headers.Connection.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? value
            : null;

    private static async Task<OpenAIException> ErrorAsync(HttpResponseMessage response, AnswerClock clock, CancellationToken cancellation)
    {
        int status = (int)response.StatusCode;
        if (status is < 400 or > 599) return BackendFailures.BadAnswer($"it answered with status {status}.");
        clock.Progress();
        string? retryAfter = response.Headers.RetryAfter?.ToString() ?? (status is 429 or 503 ? HealthReport.RetryAfter : null);
        ReadOnlyMemory<byte> body = default;
        try
        {
            body = await AnswerReader.ReadAsync(response, LargestError, clock, cancellation);
        }
        catch (OpenAIException)
        {
            // The status is known, and says more than that its reason can't be read.
        }
        return BackendErrors.Read(status, body, response.Content.Headers.ContentType?.MediaType, retryAfter);
    }

    private static string Logged(OpenAIException e) => e.IsQuoted ? e.Code ?? e.Type : e.Message;

    [LoggerMessage(LogLevel.Debug, "Forwarding to {Url}: {Bytes} bytes, stream={IsStream}, {RequestId}")]
    private partial void Forwarding(Uri url, int bytes, bool isStream, string requestId);

    [LoggerMessage(LogLevel.Warning, "The backend did not answer {RequestId}")]
    private partial void Failed(string requestId, Exception e);

    [LoggerMessage(LogLevel.Warning, "{RequestId} is answered with {Status}: {Reason}")]
    private partial void Refused(string requestId, int status, string reason);

    [LoggerMessage(LogLevel.Warning, "The client of {RequestId} took nothing for {Seconds} s: its stream is cut")]
    private partial void Unread(string requestId, double seconds);

    [LoggerMessage(LogLevel.Warning, "The stream of {RequestId} broke: {Reason}")]
    private partial void Broken(string requestId, string reason);
}
