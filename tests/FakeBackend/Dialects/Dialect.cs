using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>The differences of one engine: its command line, routes, errors, and reading of requests.</summary>
internal abstract class Dialect(LaunchArguments arguments)
{
    protected const int DefaultTokens = 16;

    public LaunchArguments Arguments { get; } = arguments;

    public abstract int DefaultPort { get; }

    /// <summary>The name that the engine gives its arguments when it prints them.</summary>
    public abstract string ArgumentsName { get; }

    /// <summary>Value of the header Server; null is none.</summary>
    public virtual string? ServerHeader => "uvicorn";

    /// <summary>The check that follows the parser's: null where nothing is wrong.</summary>
    public virtual string? Conflict => null;

    public abstract LoadingPhase Loading { get; }

    /// <summary>Whether a stream's headers are sent before its first token.</summary>
    public abstract bool SendsHeadersFirst { get; }

    public virtual string StreamType => "text/event-stream; charset=utf-8";

    /// <summary>Time between comments while a stream is silent; null is never.</summary>
    public virtual TimeSpan? KeepAlive => null;

    /// <summary>Whether an error in a stream is followed by [DONE].</summary>
    public virtual bool EndsErrorWithDone => true;

    /// <summary>Number of requests that run at once; others wait.</summary>
    public virtual int Slots => int.MaxValue;

    /// <summary>The line that names the address.</summary>
    public abstract string AddressLine(string url);

    /// <summary>The line of readiness; null is none.</summary>
    public virtual string? ReadyLine => null;

    public abstract void MapInfo(IEndpointRouteBuilder routes, BackendState state);

    /// <summary>Refuses a request before any route sees it.</summary>
    /// <returns>Whether it was.</returns>
    public abstract Task<bool> RefuseAsync(HttpContext context, BackendState state);

    /// <summary>Answers a browser that asks whether a page may send a request, for a page of any origin.</summary>
    /// <returns>Whether it was such a question.</returns>
    public virtual async Task<bool> AllowAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Request.Headers;
        if (
            !HttpMethods.IsOptions(context.Request.Method)
            || headers.Origin.Count == 0
            || headers.AccessControlRequestMethod.Count == 0
        )
            return false;
        // Starlette's middleware, which both engines in Python use.
        context.Response.Headers.AccessControlAllowOrigin = headers.Origin;
        context.Response.Headers.AccessControlAllowMethods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
        context.Response.Headers.AccessControlMaxAge = "600";
        return await AnswerAsync(context, StatusCodes.Status200OK, "text/plain; charset=utf-8", "OK");
    }

    /// <summary>Answers what is no route, or not with this method: status 404 or 405.</summary>
    public virtual Task<bool> AnswerUnknownAsync(HttpContext context) =>
        AnswerAsync(
            context,
            context.Response.StatusCode,
            "application/json",
            context.Response.StatusCode == StatusCodes.Status404NotFound
                ? """{"detail":"Not Found"}"""
                : """{"detail":"Method Not Allowed"}"""
        );

    /// <summary>Completes the headers of every answer.</summary>
    public virtual void AddHeaders(HttpContext context) => context.Response.Headers.Vary = "Origin";

    /// <summary>Handles SIGTERM once the engine is ready; before that it has its default action.</summary>
    public abstract Task TerminateAsync(BackendState state);

    /// <summary>The body of an error.</summary>
    public abstract string Error(RefusedException e);

    /// <summary>The error of a body that is not JSON or has a member of the wrong type.</summary>
    public abstract RefusedException Malformed(string message);

    /// <summary>The error of a body that is not JSON.</summary>
    /// <param name="position">Where, in bytes.</param>
    public virtual RefusedException NotJson(long position) => Malformed($"not JSON at byte {position}");

    /// <param name="request">What is answered.</param>
    /// <param name="number">Of the request, counted from 0.</param>
    /// <param name="created">Seconds.</param>
    /// <param name="headers">Of the request.</param>
    /// <exception cref="RefusedException">What the engine refuses.</exception>
    public abstract AnswerJson Json(GenerationRequest request, int number, long created, IHeaderDictionary headers);

    /// <summary>Variation of the text beside the request: 0 if the engine is deterministic.</summary>
    /// <param name="request">The request.</param>
    /// <param name="others">How many requests run beside it.</param>
    /// <param name="wasCached">Whether the request before it had the same prompt.</param>
    public abstract int Variation(GenerationRequest request, int others, bool wasCached);

    /// <exception cref="RefusedException">What the engine refuses.</exception>
    public GenerationRequest Parse(string body, bool isChat, BackendState state)
    {
        try
        {
            JsonObject json =
                JsonNode.Parse(body) as JsonObject ?? throw Malformed("Input should be a valid dictionary");
            Check(json, isChat);
            string promptField = isChat ? "messages" : "prompt";
            JsonNode prompt = json[promptField] ?? throw Missing(promptField, json);
            if (prompt is JsonArray { Count: 0 } && Empty(isChat) is { } empty)
                throw empty;
            return Complete(
                new GenerationRequest
                {
                    IsChat = isChat,
                    Prompts = isChat ? [prompt.ToJsonString()] : PromptsOf(prompt),
                    Model = Model(json),
                    Sampling = Sample(json),
                    Seeds = Seeds(json, (int?)json["n"] ?? 1, state),
                    Tokens = (int?)(json["max_completion_tokens"] ?? json["max_tokens"]) ?? TokensOf(isChat),
                    Stop = json["stop"] switch
                    {
                        null => [],
                        JsonArray several => [.. several.Select(stop => (string)stop!)],
                        var one => [(string)one!],
                    },
                    IsStream = (bool?)json["stream"] ?? false,
                    IncludesUsage = (bool?)json["stream_options"]?["include_usage"] ?? false,
                    Behaviour = new AnswerBehaviour(json["fake"]),
                    Json = json,
                }
            );
        }
        catch (JsonException e)
        {
            throw NotJson(e.BytePositionInLine ?? 0);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or OverflowException)
        {
            throw Malformed(e.Message);
        }
    }

    /// <summary>Checks before anything else is read.</summary>
    protected virtual void Check(JsonObject json, bool isChat) { }

    /// <summary>Checks and changes after everything was read.</summary>
    protected virtual GenerationRequest Complete(GenerationRequest request) => request;

    /// <summary>Tokens of a request that gives no length.</summary>
    protected virtual int TokensOf(bool isChat) => DefaultTokens;

    protected abstract RefusedException Missing(string field, JsonObject json);

    /// <summary>The error of an empty list; null where the engine answers it.</summary>
    protected abstract RefusedException? Empty(bool isChat);

    /// <summary>The name in the answer.</summary>
    protected abstract string Model(JsonObject json);

    protected abstract Sampling Sample(JsonObject json);

    /// <summary>The seed of each choice.</summary>
    protected abstract IReadOnlyList<long> Seeds(JsonObject json, int n, BackendState state);

    /// <summary>A number as Python prints a float.</summary>
    protected static string Python(double number)
    {
        string text = number.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        return text.All(c => char.IsAsciiDigit(c) || c == '-') ? text + ".0" : text;
    }

    /// <summary>A text is a prompt, and so is a list of ids; a list of either is as many.</summary>
    private static IReadOnlyList<string> PromptsOf(JsonNode prompt) =>
        prompt switch
        {
            JsonValue text when text.TryGetValue(out string? value) => [value],
            JsonArray { Count: > 0 } several when several[0] is JsonArray || IsText(several[0]) =>
            [
                .. several.Select(one => IsText(one) ? (string)one! : one!.ToJsonString()),
            ],
            _ => [prompt.ToJsonString()],
        };

    private static bool IsText(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String;

    protected static bool HasBearer(HttpRequest request, IReadOnlyList<string> keys) =>
        keys.Any(key => request.Headers.Authorization == $"Bearer {key}");

    protected static async Task<bool> AnswerAsync(HttpContext context, int status, string type, string body)
    {
        context.Response.StatusCode = status;
        if (body.Length > 0)
            context.Response.ContentType = type;
        await context.Response.WriteAsync(body, context.RequestAborted);
        return true;
    }

    protected static string Quote(string? text) =>
        text is null ? "null" : $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";
}
