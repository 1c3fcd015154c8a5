using System.Net.Mime;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// Translates the engine's errors to the OpenAI shape, keeping the engine's status. Engines write five shapes: OpenAI's
/// nested one, often with a numeric code (llama.cpp, vLLM); SGLang's flat one; <c>error</c> as a string (all of them
/// for a wrong key, TGI always); FastAPI's <c>detail</c>; and plain text.
/// </summary>
internal static partial class EngineErrorTranslation
{
    private const int LongestText = 500;

    /// <param name="status">Status of the answer, 400 or above.</param>
    /// <param name="body">Body of the answer.</param>
    /// <param name="mediaType">Type of the body.</param>
    /// <param name="retryAfter">When the client may try again.</param>
    /// <param name="route">The route that was asked.</param>
    /// <param name="hints">Headers of the answer that are relayed.</param>
    public static OpenAIException Read(
        int status,
        ReadOnlyMemory<byte> body,
        string? mediaType,
        string? retryAfter,
        RequestRoute route,
        IReadOnlyList<KeyValuePair<string, string>>? hints = null
    )
    {
        // TGI, and FastAPI by default (https://fastapi.tiangolo.com/tutorial/handling-errors/), answer 422 to a bad
        // request.
        if (status == StatusCodes.Status422UnprocessableEntity)
            status = StatusCodes.Status400BadRequest;
        Fields fields = Parse(body);
        if (fields.Message is null && mediaType == MediaTypeNames.Text.Plain && Utf8.IsValid(body.Span))
            fields = new(Shortened(Encoding.UTF8.GetString(body.Span).Trim()));
        return Create(status, fields, retryAfter, route, hints);
    }

    /// <summary>An error that an engine sent after status 200: as an event, or instead of a JSON answer.</summary>
    /// <param name="chunk">
    /// The event's data, or the JSON answer. It has the member <c>error</c>, or is SGLang's flat shape, whose member
    /// <c>object</c> is <c>error</c>.
    /// </param>
    /// <param name="route">The route that was asked.</param>
    public static OpenAIException ReadEvent(ReadOnlyMemory<byte> chunk, RequestRoute route)
    {
        Fields fields = Parse(chunk);
        int status = fields.NumericCode is { } code and >= 400 and <= 599
            ? code
            : StatusCodes.Status500InternalServerError;
        return Create(
            status == StatusCodes.Status422UnprocessableEntity ? StatusCodes.Status400BadRequest : status,
            fields,
            // SGLang's full queue, of which a stream's status says nothing.
            status is 429 or 503
                ? OpenAIException.UsualRetryAfter
                : null,
            route
        );
    }

    private static OpenAIException Create(
        int status,
        Fields fields,
        string? retryAfter,
        RequestRoute route,
        IReadOnlyList<KeyValuePair<string, string>>? hints = null
    )
    {
        if (fields.Message is not null && MayBeTheRequests(status))
        {
            string? param = WithoutBody(fields.Param);
            fields = fields with { Param = param };
            if (EngineErrorReason.Find(fields.Message, param, route) is var (reason, isClients))
            {
                fields = fields with
                {
                    Message = reason.Message,
                    Param = reason.Param ?? param,
                    Code = reason.Code ?? fields.Code,
                };
                if (isClients)
                    status = StatusCodes.Status400BadRequest;
            }
        }
        bool isServer = status >= 500;
        // A 4xx text concerns the client's request and is relayed; a 5xx text may expose internals and is hidden then.
        string message =
            string.IsNullOrWhiteSpace(fields.Message) ? $"it answered {status} without a reason."
            : isServer && ShowsInside(fields.Message) ? $"it answered {status}; its own log has the reason."
            : fields.Message;
        return new OpenAIException(
            status,
                // llama-server answers an image with 500 and server_error.
                IsKnownType(fields.Type) && isServer == (fields.Type == "server_error")
                    ? fields.Type!
                : isServer ? "server_error"
                : "invalid_request_error",
            isServer ? $"The engine failed: {message}"
                : ReferenceEquals(message, fields.Message) ? message
                : $"The engine refused the request: {message}",
            fields.Param,
            (isServer && fields.Code is { } code && ShowsInside(code) ? null : fields.Code)
                ?? status switch
                {
                    StatusCodes.Status401Unauthorized => "invalid_api_key",
                    StatusCodes.Status404NotFound when fields.Param == "model" => "model_not_found",
                    StatusCodes.Status429TooManyRequests => "rate_limit_exceeded",
                    StatusCodes.Status503ServiceUnavailable => "backend_unavailable",
                    >= 500 => "backend_error",
                    _ => null,
                }
        )
        {
            RetryAfter = retryAfter,
            Headers = hints ?? [],
            IsQuoted = true,
        };
    }

    /// <summary>Whether the text can be about the request, and not about a key, a model or a full queue.</summary>
    private static bool MayBeTheRequests(int status) =>
        status
            is StatusCodes.Status400BadRequest
                or StatusCodes.Status413PayloadTooLarge
                or StatusCodes.Status500InternalServerError;

    /// <summary>vLLM's <c>body.temperature</c>; a position in the body is no field.</summary>
    private static string? WithoutBody(string? param) =>
        param is null || !param.StartsWith("body.", StringComparison.Ordinal)
            ? param
            : EngineErrorReason.PathOf(param.Split('.')[1..]);

    private static Fields Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return default;
            if (root.TryGetProperty("error"u8, out JsonElement error))
            {
                if (error.ValueKind == JsonValueKind.Object)
                    return Members(error);
                if (error.ValueKind == JsonValueKind.String)
                    return new(error.GetString(), Text(root, "error_type"));
            }
            return root.TryGetProperty("detail"u8, out JsonElement detail) ? Detail(detail) : Members(root);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // JsonElement throws InvalidOperationException for an unpaired surrogate escape.
            return default;
        }
    }

    private static Fields Members(JsonElement error)
    {
        string? code = Text(error, "code");
        // TGI uses the second name in streams.
        int? number =
            (
                error.TryGetProperty("code"u8, out JsonElement value)
                || error.TryGetProperty("http_status_code"u8, out value)
            )
            && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out int n)
                ? n
                : null;
        // A numeric code only repeats the status.
        return new(
            Text(error, "message"),
            Text(error, "type"),
            Text(error, "param"),
            string.IsNullOrEmpty(code) || code.All(char.IsAsciiDigit) ? null : code,
            number
        );
    }

    /// <summary>Reads FastAPI's detail: a text, or a list of <c>{"loc":["body","temperature"],"msg":"…"}</c>.</summary>
    private static Fields Detail(JsonElement detail)
    {
        if (detail.ValueKind == JsonValueKind.String)
            return new(detail.GetString());
        if (
            detail.ValueKind != JsonValueKind.Array
            || detail.GetArrayLength() == 0
            || detail[0].ValueKind != JsonValueKind.Object
        )
            return default;
        string? param = null;
        if (detail[0].TryGetProperty("loc"u8, out JsonElement path) && path.ValueKind == JsonValueKind.Array)
        {
            string[] parts = [.. path.EnumerateArray().Select(part => part.ToString())];
            param = EngineErrorReason.PathOf(parts is ["body", ..] ? parts[1..] : parts);
        }
        string? message = Text(detail[0], "msg");
        return new(
            string.IsNullOrEmpty(param) ? message : $"Invalid '{param}': {message}",
            Param: string.IsNullOrEmpty(param) ? null : param
        );
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    private static bool IsKnownType(string? type) =>
        type
            is "invalid_request_error"
                or "authentication_error"
                or "permission_error"
                or "not_found_error"
                or "rate_limit_error"
                or "server_error"
                or "requests"
                or "tokens"
                or "insufficient_quota";

    /// <summary>Whether a text exposes code, files or addresses.</summary>
    private static bool ShowsInside(string text) =>
        text.Length > LongestText || text.Any(char.IsControl) || Inside.IsMatch(text);

    /// <summary>
    /// A traceback, or a hint at one, or an exception, a path, a URL, a host with a port, an IP address, or a memory
    /// address.
    /// </summary>
    [GeneratedRegex(
        """Traceback|stack trace|\b\w+(Error|Exception)\b|(^|[\s'"(=:\[,])[~.]*/\w|\\|://|\w:\d{2,5}\b"""
            + """|\b\d{1,3}(\.\d{1,3}){3}\b|\b0x[0-9a-fA-F]+|::"""
    )]
    private static partial Regex Inside { get; }

    private static string Shortened(string text) => text.Length <= LongestText ? text : text[..LongestText] + "…";

    private readonly record struct Fields(
        string? Message,
        string? Type = null,
        string? Param = null,
        string? Code = null,
        int? NumericCode = null
    );
}
