using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace DeterministicInference.Server.OpenAI;

/// <summary>A request's body: one JSON object, as text and parsed.</summary>
internal sealed class RequestBody : IDisposable
{
    /// <summary>Larger bodies are parsed and processed off the thread that serves the sockets.</summary>
    private const int LargeBody = 16 * 1024;

    /// <summary>Memory for a body of unknown length, in bytes, and most that is allocated as announced.</summary>
    private const int FirstRead = 1024,
        TrustedLength = 1 << 20;

    /// <summary>Longest part of a header that an error quotes.</summary>
    private const int LongestQuote = 100;

    /// <summary>
    /// Duplicate keys are errors: two parsers could read such a request differently (RFC 8259, section 4).
    /// </summary>
    private static readonly JsonDocumentOptions ReaderOptions = new()
    {
        MaxDepth = 64,
        AllowDuplicateProperties = false,
    };

    private readonly JsonDocument _document;

    private RequestBody(ReadOnlyMemory<byte> json, JsonDocument document)
    {
        Json = json;
        _document = document;
    }

    /// <summary>The object as sent, without a byte order mark.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    public JsonElement Root => _document.RootElement;

    /// <summary>Position of a value in <see cref="Json"/>.</summary>
    public Range PlaceOf(JsonElement value) => PlaceOf(JsonMarshal.GetRawUtf8Value(value));

    /// <summary>Position of a member, from the first quote of its name.</summary>
    public Range PlaceOf(JsonProperty member)
    {
        Range value = PlaceOf(member.Value);
        ReadOnlySpan<byte> name = JsonMarshal.GetRawUtf8PropertyName(member);
        // An empty name has no position in the text. Between a name and its value are only a colon and white space.
        int start = name.IsEmpty ? Json.Span[..value.Start.Value].LastIndexOf("\"\""u8) : PlaceOf(name).Start.Value - 1;
        return start..value.End;
    }

    /// <exception cref="OpenAIException">Too large, of another type, or refused by <see cref="Parse"/>.</exception>
    public static async Task<RequestBody> ReadAsync(HttpContext context)
    {
        RequireJson(context);
        ReadOnlyMemory<byte> bytes = await ReadBytesAsync(context);
        if (bytes.Length > LargeBody)
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return Parse(bytes);
    }

    /// <exception cref="OpenAIException">
    /// Not UTF-8, not JSON, a key that occurs twice, nested too deeply, not an object.
    /// </exception>
    public static RequestBody Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
            throw OpenAIException.Invalid("The request body is not valid UTF-8.");
        ReadOnlyMemory<byte> json = bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, ReaderOptions);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // JsonDocument throws InvalidOperationException for an unpaired surrogate escape in a name.
            throw OpenAIException.Invalid($"We could not parse the JSON body of your request. (HINT: {e.Message})");
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object)
            return new RequestBody(json, document);
        document.Dispose();
        throw OpenAIException.Invalid("The request body must be a JSON object.");
    }

    public void Dispose() => _document.Dispose();

    private Range PlaceOf(ReadOnlySpan<byte> text)
    {
        if (!Json.Span.Overlaps(text, out int start))
            throw new ArgumentException("The text is not of this object.", nameof(text));
        return start..(start + text.Length);
    }

    private static void RequireJson(HttpContext context)
    {
        HttpRequest request = context.Request;
        string? type = request.ContentType;
        if (type is not null && !(request.HasJsonContentType() && IsUtf8(type)))
        {
            throw Refused(
                StatusCodes.Status415UnsupportedMediaType,
                $"Unsupported Content-Type '{Shortened(type)}'. Send application/json in UTF-8."
            );
        }
        // No known client compresses requests, and a compressed body is more likely an attack (decompression bomb).
        string encoding = request.Headers.ContentEncoding.ToString();
        if (encoding.Length == 0 || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return;
        context.Response.Headers.AcceptEncoding = "identity";
        throw Refused(
            StatusCodes.Status415UnsupportedMediaType,
            $"Unsupported Content-Encoding '{Shortened(encoding)}'. Send the body uncompressed."
        );
    }

    private static bool IsUtf8(string type) =>
        !MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? parsed)
        || !parsed.Charset.HasValue
        || HeaderUtilities.RemoveQuotes(parsed.Charset) is var charset
            && (
                charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || charset.Equals("utf8", StringComparison.OrdinalIgnoreCase)
            );

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpContext context)
    {
        long largest = LiftLimit(context);
        if (context.Request.ContentLength > largest)
            throw TooLarge(context);
        try
        {
            // One byte more than announced: the end of the body is then seen without growing the buffer.
            var bytes = new byte[(int)Math.Min(context.Request.ContentLength ?? FirstRead, TrustedLength) + 1];
            int end = 0;
            for (int count = 1; count > 0; end += count)
            {
                if (end == bytes.Length)
                    Array.Resize(ref bytes, bytes.Length * 2);
                count = await context.Request.Body.ReadAsync(bytes.AsMemory(end), context.RequestAborted);
                if (end + count > largest)
                    throw TooLarge(context);
            }
            return bytes.AsMemory(0, end);
        }
        catch (BadHttpRequestException e)
        {
            // The rest of the body is not read, so the connection can't be reused.
            context.Response.Headers.Connection = "close";
            throw Refused(
                e.StatusCode,
                e.StatusCode == StatusCodes.Status408RequestTimeout
                    ? "The request body could not be read: it came too slowly."
                    : "The request body could not be read: it ended early, or its chunks are malformed."
            );
        }
        catch (IOException) when (!context.RequestAborted.IsCancellationRequested)
        {
            // Kestrel throws this for some malformed chunked bodies.
            context.Response.Headers.Connection = "close";
            throw Refused(
                StatusCodes.Status400BadRequest,
                "The request body could not be read: its chunks are malformed."
            );
        }
    }

    /// <summary>
    /// Takes over Kestrel's limit: behind it Kestrel would not let the rest be read, and without that the client may
    /// not see the answer.
    /// </summary>
    /// <returns>The limit, in bytes.</returns>
    private static long LiftLimit(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is not { IsReadOnly: false } size)
            return long.MaxValue;
        long largest = size.MaxRequestBodySize ?? long.MaxValue;
        size.MaxRequestBodySize = null;
        return largest;
    }

    private static OpenAIException TooLarge(HttpContext context)
    {
        context.Response.Headers.Connection = "close";
        return Refused(
            StatusCodes.Status413PayloadTooLarge,
            "The request body is too large. Send less, or start the server with a higher --max-request-bytes."
        );
    }

    private static OpenAIException Refused(int status, string message) => new(status, "invalid_request_error", message);

    private static string Shortened(string header) =>
        header.Length > LongestQuote ? header[..LongestQuote] + "…" : header;
}
