using System.Net.Http.Headers;
using System.Text.Json;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;

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
    /// <summary>Most revocations of one key that are looked at.</summary>
    private const int MaxRevocations = 16;

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
    /// <exception cref="NoAnswerException">No answer, or none with this receipt.</exception>
    public async Task<ReceiptBundle?> ReceiptAsync(string id, CancellationToken cancellation)
    {
        if (await _server.GetAsync($"v1/receipts/{Uri.EscapeDataString(id)}", cancellation) is not { } json)
            return null;
        try
        {
            ReceiptBundle found = ReceiptSource.OfObject(json);
            return found.Receipt.ReceiptId == id
                ? found
                : throw new NoAnswerException("it has another receipt under this id");
        }
        catch (ReceiptFormatException e)
        {
            // Who is checked is not who serves.
            throw new NoAnswerException($"what it has under the receipt's id can't be read: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>The verifier key of a log of the server; null if it has no such log, or tells no key.</summary>
    /// <param name="origin">The log's name; null for the log that is continued.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="NoAnswerException">No answer, or one that is no verifier key.</exception>
    public async Task<NoteKey?> KeyAsync(string? origin, CancellationToken cancellation)
    {
        string? current = await CurrentKeyAsync(cancellation);
        // The key of another log would only show that the receipt is not one of it.
        string? vkey =
            origin is null || (current is not null && IsOf(current, origin))
                ? current
                : (await ServedLog.AllAsync(_server, cancellation)).FirstOrDefault(log => IsOf(log.Key, origin))?.Key;
        try
        {
            return vkey is null ? null : NoteKey.Parse(vkey);
        }
        catch (LogFormatException e)
        {
            throw new NoAnswerException($"the verifier key that it tells can't be read: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>
    /// The revocations of a key, whatever the log that it has signed; null if the server lists neither the log nor a
    /// revocation of its key, so that it can't know.
    /// </summary>
    /// <param name="origin">The log's name.</param>
    /// <param name="key">What verifies the log's signature.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="NoAnswerException">No answer, or no list of logs.</exception>
    public async Task<IReadOnlyList<LogRevocation>?> RevocationsAsync(
        string? origin,
        VerificationKey key,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<ServedLog> logs = await ServedLog.AllAsync(_server, cancellation);
        // A key is of one log: more are of no use to anyone, and each takes time to verify.
        LogRevocation[] revocations =
        [
            .. logs.Where(log => log.Revocation is not null && IsOf(log, key))
                .Take(MaxRevocations)
                .Select(Revocation)
                .OfType<LogRevocation>(),
        ];
        bool isListed = origin is not null && logs.Any(log => IsOf(log.Key, origin));
        return isListed || revocations.Length > 0 ? revocations : null;
    }

    public void Dispose() => _server.Dispose();

    private static bool IsOf(ServedLog log, VerificationKey key)
    {
        try
        {
            return NoteKey.Parse(log.Key).Key.KeyId == key.KeyId;
        }
        catch (LogFormatException)
        {
            return false;
        }
    }

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
