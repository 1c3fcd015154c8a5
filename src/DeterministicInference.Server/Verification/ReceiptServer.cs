using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Http;

namespace DeterministicInference.Server.Verification;

/// <summary>The answer to a request that was sent again.</summary>
/// <param name="Body">After content decoding.</param>
/// <param name="ReceiptId">Value of the header <c>X-Receipt-Id</c>; null without one.</param>
internal sealed record ServerAnswer(byte[] Body, string? ReceiptId);

/// <summary>
/// A client for a server that computes requests again and provides data about its receipts. Every request has the same
/// time limit.
/// </summary>
internal sealed class ReceiptServer : IDisposable
{
    private const int MaxMessage = 300;

    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;

    /// <param name="url">With or without <c>/v1</c> at the end.</param>
    /// <param name="apiKey">Sent as a bearer token; null for none.</param>
    /// <param name="timeout">Time limit of each request, to the last byte of its answer.</param>
    public ReceiptServer(Uri url, string? apiKey, TimeSpan timeout)
    {
        SocketsHttpHandler handler = OutgoingSocket.CreateHandler();
        handler.AutomaticDecompression = DecompressionMethods.All;
        _http = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = ReceiptBundle.MaxBytes,
        };
        string text = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _http.BaseAddress = new Uri(
            (text.EndsWith("/v1", StringComparison.Ordinal) ? text[..^3] : text).TrimEnd('/') + "/"
        );
        if (apiKey is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        _timeout = timeout;
    }

    /// <summary>Sends a request with a header that forbids stored answers.</summary>
    /// <exception cref="NoAnswerException">No answer, an error, or an answer in another delivery.</exception>
    public Task<ServerAnswer> AskAsync(
        string path,
        byte[] body,
        AnswerDelivery delivery,
        CancellationToken cancellation
    ) =>
        SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, path.TrimStart('/'))
                {
                    Content = new ByteArrayContent(body),
                };
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                request.Headers.TryAddWithoutValidation("X-Determinism", "execute");
                return request;
            },
            (response, content) =>
            {
                bool isStream = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
                if (isStream != (delivery == AnswerDelivery.Sse))
                    throw new NoAnswerException(
                        isStream
                            ? "it answers with a stream, but none was requested"
                            : "it does not answer with a stream"
                    );
                string? id = response.Headers.TryGetValues("X-Receipt-Id", out IEnumerable<string>? ids)
                    ? ids.First()
                    : null;
                return new ServerAnswer(content, id);
            },
            cancellation
        );

    /// <summary>The address, without <c>/v1</c>.</summary>
    public string Address => _http.BaseAddress!.AbsoluteUri.TrimEnd('/');

    /// <summary>The document of an environment; null if the server does not have it.</summary>
    /// <exception cref="NoAnswerException">No answer.</exception>
    public async Task<InferenceEnvironment?> EnvironmentAsync(Sha256Value id, CancellationToken cancellation)
    {
        if (await GetAsync($"v1/environment/{id}", cancellation) is not { } json)
            return null;
        try
        {
            InferenceEnvironment environment = EnvironmentDocument.Read(json);
            return environment.Id == id ? environment : null;
        }
        catch (ReceiptFormatException)
        {
            return null;
        }
    }

    /// <summary>A receipt of the server with its stored context; null if the server does not have it.</summary>
    /// <exception cref="NoAnswerException">No answer.</exception>
    /// <exception cref="ReceiptFormatException">The server's data is malformed.</exception>
    public async Task<ReceiptBundle?> ReceiptAsync(string id, CancellationToken cancellation) =>
        await GetAsync($"v1/receipts/{Uri.EscapeDataString(id)}", cancellation) is { } json
            ? ReceiptSource.OfObject(json)
            : null;

    /// <summary>The server's public key in PEM; null if it provides none.</summary>
    /// <exception cref="NoAnswerException">No answer.</exception>
    public async Task<string?> KeyAsync(CancellationToken cancellation)
    {
        if (await GetAsync("v1/receipts/key", cancellation) is not { } json)
            return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return ForeignText.GetStringOrNull(document.RootElement, "vkey");
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<byte[]?> GetAsync(string path, CancellationToken cancellation)
    {
        try
        {
            return await SendAsync(
                () => new HttpRequestMessage(HttpMethod.Get, path),
                (_, content) => content,
                cancellation
            );
        }
        catch (NoAnswerException e)
            when (e.Status is HttpStatusCode.NotFound or HttpStatusCode.Gone or HttpStatusCode.MethodNotAllowed)
        {
            return null;
        }
    }

    private async Task<T> SendAsync<T>(
        Func<HttpRequestMessage> create,
        Func<HttpResponseMessage, byte[], T> read,
        CancellationToken cancellation
    )
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_timeout);
        try
        {
            using HttpRequestMessage request = create();
            using HttpResponseMessage response = await _http.SendAsync(
                request,
                HttpCompletionOption.ResponseContentRead,
                limit.Token
            );
            byte[] content = await response.Content.ReadAsByteArrayAsync(limit.Token);
            if (response.StatusCode == HttpStatusCode.OK)
                return read(response, content);
            throw new NoAnswerException(
                $"it answers {(int)response.StatusCode}{Message(content)}{Remedy(response.StatusCode)}"
            )
            {
                Status = response.StatusCode,
            };
        }
        catch (HttpRequestException e)
        {
            throw new NoAnswerException(
                e.HttpRequestError switch
                {
                    HttpRequestError.NameResolutionError => "its name can't be resolved; correct its address",
                    HttpRequestError.ConnectionError =>
                        $"it can't be reached{Cause(e)}; start it, or correct its address",
                    HttpRequestError.SecureConnectionError =>
                        $"no secure connection can be made{Cause(e)}; if it has no TLS, give its address with http://",
                    HttpRequestError.ConfigurationLimitExceeded =>
                        $"its answer is larger than {ReceiptBundle.MaxBytes >> 20} MiB",
                    _ => "the connection broke off",
                }
            );
        }
        catch (IOException)
        {
            throw new NoAnswerException("the connection broke off");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new NoAnswerException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it did not answer within {_timeout.TotalSeconds:0.###} s; --timeout sets how long it may take"
                )
            );
        }
    }

    private static string Cause(HttpRequestException e) =>
        e.InnerException is { } cause ? $" ({OneLine.Of(cause.Message).TrimEnd('.')})" : "";

    private static string Remedy(HttpStatusCode status) =>
        status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "; give a key that it accepts with --api-key",
            HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity or HttpStatusCode.NotFound =>
                "; it does not serve this request: name a server with the model and engine of the receipt",
            HttpStatusCode.TooManyRequests => "; it is busy: try again later",
            HttpStatusCode.ServiceUnavailable => "; try again when GET /health of the server is 200",
            HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout => "; its engine failed: try again later",
            _ => "",
        };

    /// <summary>The message of an error in the OpenAI shape.</summary>
    private static string Message(byte[] content)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content);
            bool isError =
                document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("error", out _);
            if (
                !isError
                || ForeignText.GetStringOrNull(document.RootElement.GetProperty("error"), "message") is not { } message
            )
                return "";
            string text = OneLine.Of(message).TrimEnd('.');
            return ": " + (text.Length <= MaxMessage ? text : text[..MaxMessage] + "…");
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
