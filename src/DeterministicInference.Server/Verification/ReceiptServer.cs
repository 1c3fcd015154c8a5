using System.Net.Http.Headers;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Verification;

/// <summary>The answer to a request that was sent again.</summary>
/// <param name="Body">After content decoding.</param>
/// <param name="ReceiptId">Value of the header <c>X-Receipt-Id</c>; null without one.</param>
internal sealed record ServerAnswer(byte[] Body, string? ReceiptId);

/// <summary>
/// A client for a server that computes requests again and provides data about its receipts.
/// </summary>
internal sealed class ReceiptServer : IDisposable
{
    private readonly RemoteServer _server;

    /// <param name="url">With or without <c>/v1</c> at the end.</param>
    /// <param name="apiKey">Sent as a bearer token; null for none.</param>
    /// <param name="timeout">Time limit of each request, to the last byte of its answer.</param>
    public ReceiptServer(Uri url, string? apiKey, TimeSpan timeout)
    {
        string text = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        _server = new RemoteServer(text.EndsWith("/v1", StringComparison.Ordinal) ? text[..^3] : text, apiKey, timeout);
    }

    /// <summary>Sends a request with a header that forbids stored answers.</summary>
    /// <exception cref="NoAnswerException">No answer, an error, or an answer in another delivery.</exception>
    public Task<ServerAnswer> AskAsync(
        string path,
        byte[] body,
        AnswerDelivery delivery,
        CancellationToken cancellation
    ) =>
        _server.SendAsync(
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
    public string Address => _server.Address;

    /// <summary>The document of an environment; null if the server does not have it.</summary>
    /// <exception cref="NoAnswerException">No answer.</exception>
    public async Task<InferenceEnvironment?> EnvironmentAsync(Sha256Value id, CancellationToken cancellation)
    {
        if (await _server.GetAsync($"v1/environment/{id}", cancellation) is not { } json)
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
        await _server.GetAsync($"v1/receipts/{Uri.EscapeDataString(id)}", cancellation) is { } json
            ? ReceiptSource.OfObject(json)
            : null;

    /// <summary>The verifier key of a log of the server; null if it has no such log, or tells no key.</summary>
    /// <param name="origin">The log's name; null for the log that is continued.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="NoAnswerException">No answer.</exception>
    public async Task<string?> KeyAsync(string? origin, CancellationToken cancellation)
    {
        string? current = await CurrentKeyAsync(cancellation);
        if (origin is null || (current is not null && IsOf(current, origin)))
            return current;
        // The key of another log would only show that the receipt is not one of it.
        return (await LogsAsync(cancellation)).FirstOrDefault(log => IsOf(log.Key, origin))?.Key;
    }

    /// <summary>
    /// The revocations of the keys of the server's logs; null if it does not list the log, so that it can't know.
    /// </summary>
    /// <param name="origin">The log's name.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="NoAnswerException">No answer.</exception>
    public async Task<IReadOnlyList<LogRevocation>?> RevocationsAsync(string? origin, CancellationToken cancellation)
    {
        if (origin is null)
            return null;
        IReadOnlyList<ServedLog> logs = await LogsAsync(cancellation);
        return logs.Any(log => IsOf(log.Key, origin)) ? [.. logs.Select(Revocation).OfType<LogRevocation>()] : null;
    }

    public void Dispose() => _server.Dispose();

    private static bool IsOf(string vkey, string origin) => vkey.StartsWith(origin + "+", StringComparison.Ordinal);

    /// <summary>Whoever could make a false one has the key, and who could hide one need not send any.</summary>
    private static LogRevocation? Revocation(ServedLog log)
    {
        try
        {
            return log.Revocation is { } note ? LogRevocation.Verify(note) : null;
        }
        catch (LogFormatException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<ServedLog>> LogsAsync(CancellationToken cancellation)
    {
        try
        {
            return await ServedLog.AllAsync(_server, cancellation);
        }
        catch (NoAnswerException e) when (e.Status is not null)
        {
            // A server that computes and has no logs.
            return [];
        }
    }

    private async Task<string?> CurrentKeyAsync(CancellationToken cancellation)
    {
        if (await _server.GetAsync("v1/receipts/key", cancellation) is not { } json)
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
}
