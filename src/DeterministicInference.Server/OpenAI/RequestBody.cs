using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace DeterministicInference.Server.OpenAI;

/// <summary>A request's body: one JSON object, as text and parsed.</summary>
internal sealed class RequestBody : IDisposable
{
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

    /// <summary>
    /// The object as sent, decoded (Content-Encoding) and without a byte order mark: what is forwarded and sealed.
    /// </summary>
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

    /// <exception cref="OpenAIException">
    /// Refused by <see cref="RequestBytes.ReceiveAsync(HttpContext)"/> or by <see cref="Parse"/>.
    /// </exception>
    public static async Task<RequestBody> ReadAsync(HttpContext context) =>
        Parse(await RequestBytes.ReceiveAsync(context));

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
}
