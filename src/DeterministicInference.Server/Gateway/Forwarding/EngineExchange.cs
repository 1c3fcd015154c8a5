using System.Globalization;
using System.Net.Http.Headers;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;
using DeterministicInference.Server.Supervision;
using Microsoft.Net.Http.Headers;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// One request to the engine and its answer. Disposing returns the connection to the pool, or closes it where the
/// answer was not read to its end, which tells the engine to stop.
/// </summary>
internal sealed class EngineExchange : IAsyncDisposable
{
    /// <summary>Media type of a stream of events.</summary>
    public const string EventStream = "text/event-stream";

    /// <summary>Largest error body that is read, in bytes.</summary>
    private const int LargestError = 1 << 20;

    /// <summary>Longest time to wait that is believed: a day.</summary>
    private const int MostMilliseconds = 24 * 60 * 60 * 1000;

    private readonly EngineActivity? _activity;
    private readonly RequestFacts _facts;
    private readonly CancellationTokenSource _end;
    private PromptFanOut? _parts;

    /// <param name="activity">
    /// Counts the request as in flight from now on; null where its parts are counted.
    /// </param>
    /// <param name="timeouts">Watches the engine's silence; owned by the exchange.</param>
    /// <param name="facts">Receives the time of the first byte.</param>
    /// <param name="clientGone">Cancels the exchange.</param>
    public EngineExchange(
        EngineActivity? activity,
        EngineTimeouts timeouts,
        RequestFacts facts,
        CancellationToken clientGone
    )
    {
        (_activity, _facts, Timeouts) = (activity, facts, timeouts);
        _end = CancellationTokenSource.CreateLinkedTokenSource(clientGone);
        activity?.Begin();
    }

    public EngineTimeouts Timeouts { get; }

    /// <summary>The route that the engine is asked at, which its errors are about.</summary>
    public required RequestRoute Route { get; init; }

    /// <summary>Cancelled when the client is gone or the exchange is over.</summary>
    public CancellationToken Cancellation => _end.Token;

    /// <summary>Completes with the headers of the answer.</summary>
    public Task<HttpResponseMessage> Sending { get; private set; } =
        Task.FromException<HttpResponseMessage>(new InvalidOperationException("Nothing was sent."));

    /// <summary>Sends the request. This or the other overload is called once.</summary>
    public void Send(EngineClient client, Func<HttpRequestMessage> create) =>
        Sending = client.SendAsync(create, _end.Token);

    /// <summary>Sends a request in parts, which the exchange owns from now on.</summary>
    public void Send(PromptFanOut parts)
    {
        _parts = parts;
        Sending = parts.SendAsync(_end.Token);
    }

    /// <summary>Waits for the headers of an answer that is not an error, within the engine's limits.</summary>
    /// <inheritdoc cref="ResponseAsync"/>
    public async Task<HttpResponseMessage> WaitForResponseAsync()
    {
        if (!Sending.IsCompleted)
        {
            Timeouts.Watch(Sending.GetAwaiter());
            await Timeouts.WaitForOperationAsync();
        }
        HttpResponseMessage response = await ResponseAsync();
        Timeouts.Progress();
        return response;
    }

    /// <summary>Waits for the headers of an answer that is not an error.</summary>
    /// <exception cref="OpenAIException">The answer is an error, or its headers contradict each other.</exception>
    /// <exception cref="HttpRequestException">No answer, or one that is not valid HTTP.</exception>
    public async Task<HttpResponseMessage> ResponseAsync()
    {
        HttpResponseMessage response = await Sending;
        RequireOneLength(response.Content.Headers);
        if (!response.IsSuccessStatusCode)
            throw await ErrorAsync(response);
        return response;
    }

    /// <summary>Whether an answer is a stream of events.</summary>
    public static bool IsEventStream(HttpResponseMessage response) =>
        response.Content.Headers.ContentType?.MediaType == EventStream;

    public async ValueTask DisposeAsync()
    {
        if (Timeouts.BeforeFirstByte is { } wait)
            _facts.FirstByte = wait;
        if (!Sending.IsCompletedSuccessfully)
            await _end.CancelAsync();
        await ((Task)Sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_parts is not null)
        {
            await _end.CancelAsync();
            await _parts.EndedAsync();
        }
        if (Sending.IsCompletedSuccessfully)
            (await Sending).Dispose();
        _activity?.End();
        Timeouts.Dispose();
        _end.Dispose();
    }

    /// <summary>
    /// Refuses contradicting lengths, with which the end of the answer is undefined (RFC 9112, section 6.3).
    /// </summary>
    private static void RequireOneLength(HttpContentHeaders headers)
    {
        bool isClear =
            !headers.NonValidated.TryGetValues("Content-Length", out HeaderStringValues lengths)
            || (lengths.Count == 1 && headers.ContentLength is not null);
        if (!isClear)
            throw GatewayErrors.Of(HttpRequestError.InvalidResponse);
    }

    private async Task<OpenAIException> ErrorAsync(HttpResponseMessage response)
    {
        int status = (int)response.StatusCode;
        if (status is < 400 or > 599)
            return GatewayErrors.BadAnswer($"it answered with status {status}.");
        Timeouts.Progress();
        IReadOnlyList<KeyValuePair<string, string>> hints = AnswerHeaders.Of(response);
        string? retryAfter =
            response.Headers.RetryAfter?.ToString()
            ?? SecondsIn(hints)
            ?? (status is 429 or 503 ? OpenAIException.UsualRetryAfter : null);
        ReadOnlyMemory<byte> body = default;
        try
        {
            body = await AnswerBodyReader.ReadAsync(response, LargestError, Timeouts, Cancellation);
        }
        catch (OpenAIException)
        {
            // The status is relayed even if the body can't be read.
        }
        return EngineErrorTranslation.Read(
            status,
            body,
            response.Content.Headers.ContentType?.MediaType,
            retryAfter,
            Route,
            [.. hints.Where(hint => !hint.Key.Equals(HeaderNames.RetryAfter, StringComparison.OrdinalIgnoreCase))]
        );
    }

    /// <summary>The engine's time to wait in whole seconds, for clients that read only Retry-After.</summary>
    private static string? SecondsIn(IReadOnlyList<KeyValuePair<string, string>> hints)
    {
        string? text = hints
            .FirstOrDefault(hint => hint.Key.Equals(RetryHeaders.Milliseconds, StringComparison.OrdinalIgnoreCase))
            .Value;
        bool isTime =
            decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal wait)
            && wait <= MostMilliseconds;
        return isTime ? Math.Ceiling(wait / 1000).ToString(CultureInfo.InvariantCulture) : null;
    }
}
