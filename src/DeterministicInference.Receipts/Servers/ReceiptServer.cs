using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Servers;

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
    /// <param name="handler">Sends the requests; is disposed with this.</param>
    public ReceiptServer(Uri url, string? apiKey, TimeSpan timeout, HttpMessageHandler handler)
    {
        string text = url.GetLeftPart(UriPartial.Path).TrimEnd('/');
        string address = text.EndsWith("/v1", StringComparison.Ordinal) ? text[..^3] : text;
        _server = new RemoteServer(address, apiKey, timeout, handler);
    }

    /// <summary>The framework's handler: no redirect is followed, and no cookie is kept.</summary>
    public static HttpMessageHandler CreateHandler() =>
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.All,
        };

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

    /// <summary>
    /// The document of an environment; null if the server does not give it. It only explains: no verdict fails for it.
    /// </summary>
    /// <exception cref="NoAnswerException">No answer.</exception>
    public async Task<InferenceEnvironment?> EnvironmentAsync(Sha256Value id, CancellationToken cancellation)
    {
        try
        {
            if (await _server.GetAsync($"v1/environment/{id}", cancellation) is not { } json)
                return null;
            InferenceEnvironment environment = EnvironmentDocument.Read(json);
            return environment.Id == id ? environment : null;
        }
        catch (NoAnswerException e) when (e.Status is not null)
        {
            return null;
        }
        catch (ReceiptFormatException)
        {
            return null;
        }
    }

    /// <summary>
    /// A receipt of the server with its stored context; null if the server does not have it. What the server has is not
    /// signed as a whole: where it does not hold by itself, that says something about the server, and nothing about the
    /// answer.
    /// </summary>
    /// <exception cref="NoAnswerException">
    /// No answer, none with this receipt, or one whose parts don't belong together.
    /// </exception>
    public async Task<ReceiptBundle?> ReceiptAsync(string id, CancellationToken cancellation)
    {
        if (await _server.GetAsync($"v1/receipts/{Uri.EscapeDataString(id)}", cancellation) is not { } json)
            return null;
        try
        {
            ReceiptBundle found = ReceiptSource.OfObject(json);
            if (found.Receipt.ReceiptId != id)
                throw new NoAnswerException("it has another receipt under this id");
            RequireSound(ReceiptExamination.VerifyUnpinned(EvidenceReader.Read(found), untrusted: null));
            return found.Receipt.Salts?.Gives(id) is null && found.Receipt.Salts is not null
                ? throw new NoAnswerException(
                    "it has the receipt without the salt that shows that the others are its own"
                )
                : found;
        }
        catch (ReceiptFormatException e)
        {
            // Who is checked is not who serves.
            throw new NoAnswerException($"what it has under the receipt's id can't be read: {e.Message.TrimEnd('.')}");
        }
    }

    /// <summary>The verifier keys that the server tells for a log: of one name there may be several.</summary>
    /// <param name="origin">The log's name; null for the log that is continued.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="NoAnswerException">No answer, or one that is no verifier key.</exception>
    public async IAsyncEnumerable<NoteKey> KeysAsync(
        string? origin,
        [EnumeratorCancellation] CancellationToken cancellation
    )
    {
        string? current = await CurrentKeyAsync(cancellation);
        NoteKey? key;
        string? unreadable = null;
        bool isTold = false;
        // The key of another log would only show that the receipt is not one of it.
        if (current is not null && (origin is null || IsOf(current, origin)))
        {
            if (TryRead(current, out key, ref unreadable))
            {
                isTold = true;
                yield return key;
            }
        }
        IEnumerable<ServedLog> logs = origin is null ? [] : await ServedLog.AllAsync(_server, cancellation);
        foreach (ServedLog log in logs.DistinctBy(log => log.Key))
        {
            if (log.Key != current && IsOf(log.Key, origin!) && TryRead(log.Key, out key, ref unreadable))
            {
                isTold = true;
                yield return key;
            }
        }
        if (!isTold && unreadable is not null)
            throw new NoAnswerException($"the verifier key that it tells can't be read: {unreadable.TrimEnd('.')}");
    }

    /// <summary>Requires of a receipt that came from the server that it holds, whatever the answer.</summary>
    /// <param name="report">Of the receipt alone.</param>
    /// <exception cref="NoAnswerException">It does not.</exception>
    public static void RequireSound(VerificationResult report)
    {
        if (report.Verdict == Verdict.Tampered)
            throw new NoAnswerException($"the receipt that it has under the id does not hold: {report.Reason}");
    }

    /// <summary>
    /// The revocations of a key, whatever the log that it has signed; null if the server does not list the key, so that
    /// it can't know.
    /// </summary>
    /// <param name="key">What verifies the log's signature.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="NoAnswerException">
    /// No answer, no list of logs, or a revocation of the key that can't be read: whether it was revoked is not known.
    /// </exception>
    public async Task<IReadOnlyList<LogRevocation>?> RevocationsAsync(
        VerificationKey key,
        CancellationToken cancellation
    )
    {
        ServedLog[] logs = [.. (await ServedLog.AllAsync(_server, cancellation)).Where(log => IsOf(log, key))];
        string[] notes = [.. logs.Select(log => log.Revocation).OfType<string>().Distinct(StringComparer.Ordinal)];
        // A key is of one log: more are of no use to anyone, and each takes time to verify.
        if (notes.Length > MaxRevocations)
            throw new NoAnswerException($"it tells more than {MaxRevocations} revocations of the log's key");
        return logs.Length == 0 ? null : [.. notes.Select(Revocation)];
    }

    /// <summary>What the server says of its key; null if it says nothing.</summary>
    /// <exception cref="NoAnswerException">No answer.</exception>
    public Task<byte[]?> KeyDocumentAsync(CancellationToken cancellation) =>
        _server.GetAsync("v1/receipts/key", cancellation);

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

    private static bool TryRead(string vkey, [NotNullWhen(true)] out NoteKey? key, ref string? problem)
    {
        try
        {
            key = NoteKey.Parse(vkey);
            return true;
        }
        catch (LogFormatException e)
        {
            (key, problem) = (null, e.Message);
            return false;
        }
    }

    private static LogRevocation Revocation(string note)
    {
        try
        {
            return LogRevocation.Verify(note);
        }
        catch (LogFormatException e)
        {
            throw new NoAnswerException(
                $"the revocation of the log's key that it tells can't be read: {e.Message.TrimEnd('.')}"
            );
        }
    }

    private async Task<string?> CurrentKeyAsync(CancellationToken cancellation)
    {
        if (await KeyDocumentAsync(cancellation) is not { } json)
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
