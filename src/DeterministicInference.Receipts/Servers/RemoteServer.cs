using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Receipts.Servers;

/// <summary>
/// Sends requests to a server and says of each failure what went wrong and what helps. Every request has the same time
/// limit.
/// </summary>
internal sealed class RemoteServer : IDisposable
{
    private const int MaxMessage = 300;

    private readonly HttpClient _http;
    private readonly TimeSpan _timeout;

    /// <param name="address">What the paths of requests follow.</param>
    /// <param name="apiKey">Sent as a bearer token; null for none.</param>
    /// <param name="timeout">Time limit of each request, to the last byte of its answer.</param>
    /// <param name="handler">Sends the requests; is disposed with this.</param>
    public RemoteServer(string address, string? apiKey, TimeSpan timeout, HttpMessageHandler handler)
    {
        _http = new HttpClient(handler)
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = ReceiptBundle.MaxBytes,
            BaseAddress = new Uri(address.TrimEnd('/') + "/"),
        };
        if (apiKey is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
        _timeout = timeout;
    }

    public string Address => _http.BaseAddress!.AbsoluteUri.TrimEnd('/');

    public void Dispose() => _http.Dispose();

    /// <summary>The content of an address; null if the server does not have it.</summary>
    /// <exception cref="NoAnswerException">No answer, or an error.</exception>
    public async Task<byte[]?> GetAsync(string path, CancellationToken cancellation)
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

    /// <exception cref="NoAnswerException">No answer, or an error.</exception>
    public async Task<T> SendAsync<T>(
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
        // The second is what BrotliStream throws.
        catch (Exception e) when (e is InvalidDataException or InvalidOperationException)
        {
            throw new NoAnswerException("its answer is not what its Content-Encoding says");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new NoAnswerException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it did not answer within {_timeout.TotalSeconds:0.###} s; give it more time"
                )
            );
        }
    }

    private static string Cause(HttpRequestException e) =>
        e.InnerException is { } cause ? $" ({OneLine.Of(cause.Message).TrimEnd('.')})" : "";

    private static string Remedy(HttpStatusCode status) =>
        status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => "; give an API key that it accepts",
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
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or a name that is no Unicode text.
            return "";
        }
    }
}
