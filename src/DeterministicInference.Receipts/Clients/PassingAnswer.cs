using System.Net.Http.Headers;
using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Bundles;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Verification;

namespace DeterministicInference.Receipts.Clients;

/// <summary>An answer on its way to the client.</summary>
/// <param name="handler">Verifies it.</param>
/// <param name="request">What was sent.</param>
/// <param name="path">The route, as it is sealed.</param>
/// <param name="body">The request's body.</param>
/// <param name="response">What came, of which the content is replaced.</param>
internal sealed class PassingAnswer(
    ReceiptVerifyingHandler handler,
    HttpRequestMessage request,
    string path,
    byte[] body,
    HttpResponseMessage response
)
{
    private const string Json = "application/json",
        EventStream = "text/event-stream";

    // Who reads the answer may take the content away.
    private readonly bool _isStream = IsEventStream(response.Content.Headers.ContentType),
        _isEncoded = IsEncoded(response.Content.Headers),
        _isRequestEncoded = request.Content is { } sent && IsEncoded(sent.Headers),
        _isStreamWanted = IsStreamWanted(body);

    /// <summary>The content for the client.</summary>
    public async Task<HttpContent> PassAsync(CancellationToken cancellation)
    {
        if (_isStream)
        {
            if (_isEncoded)
                await JudgeAsync(default, cancellation);
            Stream events = await response.Content.ReadAsStreamAsync(cancellation);
            return With(new StreamContent(new VerifiedEventStream(events, this)), EventStream);
        }
        byte[] answer = await ReadAsync(cancellation);
        await JudgeAsync(answer, cancellation);
        return With(new ByteArrayContent(answer), Json);
    }

    /// <summary>Verifies the whole answer.</summary>
    /// <exception cref="ReceiptVerificationException">It is not verified, and that throws.</exception>
    public Task JudgeAsync(ReadOnlyMemory<byte> answer, CancellationToken cancellation) =>
        handler.JudgeAsync(
            request,
            new ReceiptEvidence(answer)
            {
                Request = body,
                RequestPath = path,
                Name = "the answer",
            },
            Defect(answer.Span),
            cancellation
        );

    /// <summary>Why clients would read something else than the bytes say; null if they don't.</summary>
    private string? Defect(ReadOnlySpan<byte> answer) =>
        _isEncoded ? "Its content is encoded: set AutomaticDecompression of the handler below."
        : _isRequestEncoded ? "The request's content is encoded."
        : _isStream != _isStreamWanted
            ? _isStream ? "It is a stream, and none was asked for."
                : "It is no stream, and one was asked for."
        : _isStream != (RecordedAnswer.DeliveryOf(answer) == AnswerDelivery.Sse)
            ? "Its content is not what its Content-Type says."
        : null;

    private static bool IsEventStream(MediaTypeHeaderValue? type) =>
        string.Equals(type?.MediaType, EventStream, StringComparison.OrdinalIgnoreCase);

    private static bool IsEncoded(HttpContentHeaders headers) =>
        headers.ContentEncoding.Any(coding => !string.Equals(coding, "identity", StringComparison.OrdinalIgnoreCase));

    /// <summary>No receipt binds it: an answer in the other delivery would be shown as none.</summary>
    private static bool IsStreamWanted(byte[] body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(CanonicalJson.WithoutMark(body).ToArray());
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("stream", out JsonElement stream)
                && stream.ValueKind == JsonValueKind.True;
        }
        catch (JsonException)
        {
            // A server refuses it.
            return false;
        }
    }

    private async Task<byte[]> ReadAsync(CancellationToken cancellation)
    {
        // Larger ones throw, as nobody could verify them.
        await response.Content.LoadIntoBufferAsync(ReceiptBundle.MaxBytes, cancellation);
        return await response.Content.ReadAsByteArrayAsync(cancellation);
    }

    /// <summary>
    /// With the headers that came, but for what would have it read in another way than it was verified.
    /// </summary>
    private T With<T>(T content, string type)
        where T : HttpContent
    {
        foreach ((string name, IEnumerable<string> values) in response.Content.Headers)
        {
            if (name is not ("Content-Type" or "Content-Length"))
                content.Headers.TryAddWithoutValidation(name, values);
        }
        content.Headers.ContentType = new MediaTypeHeaderValue(type) { CharSet = type == Json ? "utf-8" : null };
        return content;
    }
}
