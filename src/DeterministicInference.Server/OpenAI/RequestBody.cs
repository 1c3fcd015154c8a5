using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;

namespace DeterministicInference.Server.OpenAI;

/// <summary>A request's body: one JSON object, as text and parsed.</summary>
internal sealed class RequestBody : IDisposable
{
    /// <summary>Bodies above this size are parsed, and all that follows, off the thread that serves the sockets.</summary>
    private const int LargeBody = 16 * 1024;

    private readonly JsonDocument _document;

    private RequestBody(ReadOnlyMemory<byte> json, JsonDocument document)
    {
        Json = json;
        _document = document;
    }

    /// <summary>The object as it came, without a byte order mark.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    public JsonElement Root => _document.RootElement;

    /// <exception cref="OpenAIException">Too large, of another type, or refused by <see cref="Parse"/>.</exception>
    public static async Task<RequestBody> ReadAsync(HttpContext context)
    {
        RequireJson(context.Request);
        byte[] bytes = await ReadBytesAsync(context);
        if (bytes.Length > LargeBody) await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return Parse(bytes);
    }

    /// <exception cref="OpenAIException">Not UTF-8, not JSON, a key that occurs twice, nested too deeply, not an object.</exception>
    public static RequestBody Parse(byte[] bytes)
    {
        if (!Utf8.IsValid(bytes)) throw OpenAIException.Invalid("The request body is not valid UTF-8.");
        ReadOnlyMemory<byte> json = bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsMemory(3) : bytes;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, ApiJson.ReaderOptions);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a member's name has an unpaired surrogate escape.
            throw OpenAIException.Invalid($"We could not parse the JSON body of your request. (HINT: {e.Message})");
        }
        if (document.RootElement.ValueKind == JsonValueKind.Object) return new RequestBody(json, document);
        document.Dispose();
        throw OpenAIException.Invalid("The request body must be a JSON object.");
    }

    public void Dispose() => _document.Dispose();

    private static void RequireJson(HttpRequest request)
    {
        string? type = request.ContentType;
        if (type is not null && !(request.HasJsonContentType() && IsUtf8(type)))
        {
            throw new OpenAIException(StatusCodes.Status415UnsupportedMediaType, "invalid_request_error",
                $"Unsupported Content-Type '{type}'. Send application/json in UTF-8.");
        }
        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
        {
            throw new OpenAIException(StatusCodes.Status415UnsupportedMediaType, "invalid_request_error",
                $"Unsupported Content-Encoding '{request.Headers.ContentEncoding}'. Send the body uncompressed.");
        }
    }

    private static bool IsUtf8(string type) =>
        !MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? parsed) || !parsed.Charset.HasValue
        || HeaderUtilities.RemoveQuotes(parsed.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    private static async Task<byte[]> ReadBytesAsync(HttpContext context)
    {
        try
        {
            using var body = new MemoryStream((int)Math.Min(context.Request.ContentLength ?? 1024, 1 << 20));
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            return body.ToArray();
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new OpenAIException(StatusCodes.Status413PayloadTooLarge, "invalid_request_error",
                "The request body is too large. Send less, or start the server with a higher --max-request-bytes.");
        }
        catch (BadHttpRequestException e)
        {
            throw new OpenAIException(e.StatusCode, "invalid_request_error", $"The request body could not be read: {e.Message}");
        }
        catch (IOException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            // How Kestrel reports some malformed chunked bodies.
            throw OpenAIException.Invalid($"The request body could not be read: {e.Message}");
        }
    }
}
