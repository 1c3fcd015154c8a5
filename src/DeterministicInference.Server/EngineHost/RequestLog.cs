using System.Diagnostics;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.EngineHost;

/// <summary>
/// Around every request: the request id, errors in the OpenAI shape, and one line in the log, never with content.
/// </summary>
internal sealed partial class RequestLog(RequestDelegate next, ILoggerFactory loggers)
{
    public const string Category = "deterministic_inference.engine";

    /// <summary>Keys of <see cref="HttpContext.Items"/> under which a handler leaves its token counts.</summary>
    public static readonly object PromptTokens = new(), CompletionTokens = new();

    private const int ClientClosedRequest = 499;

    private readonly ILogger _logger = loggers.CreateLogger(Category);

    public async Task InvokeAsync(HttpContext context)
    {
        string id = ResponseIds.Request();
        context.Response.Headers["x-request-id"] = id;
        long started = Stopwatch.GetTimestamp();
        int status = await RunAsync(context, id);
        bool isProbe = context.Request.Path == "/health" && status == StatusCodes.Status200OK;
        // Percent-encoded: a line feed in a path must not begin a line of its own.
        Finished(isProbe ? LogLevel.Debug : LogLevel.Information, context.Request.Method, context.Request.Path.ToUriComponent(), status,
            Stopwatch.GetElapsedTime(started).TotalMilliseconds, context.Items[PromptTokens] ?? 0, context.Items[CompletionTokens] ?? 0, id);
    }

    /// <returns>The status of the answer, or 499 where the client left.</returns>
    private async Task<int> RunAsync(HttpContext context, string id)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.ContentLength is null && RoutingError(context) is { } error) await OpenAIError.WriteAsync(context, error);
            return context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted ? ClientClosedRequest : context.Response.StatusCode;
        }
        catch (OpenAIException e)
        {
            await OpenAIError.WriteAsync(context, e);
            return e.Status;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The generation was cancelled with the request; nobody is left to be told.
            return ClientClosedRequest;
        }
        catch (Exception e)
        {
            Failed(e, id);
            if (context.Response.HasStarted)
            {
                context.Abort();
                return context.Response.StatusCode;
            }
            await OpenAIError.WriteAsync(context, new OpenAIException(StatusCodes.Status500InternalServerError, "server_error",
                $"The engine failed to answer. See the engine's log for request {id}.", code: "internal_error"));
            return StatusCodes.Status500InternalServerError;
        }
    }

    private static OpenAIException? RoutingError(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new OpenAIException(StatusCodes.Status404NotFound, "invalid_request_error",
                $"Unknown request URL: {context.Request.Method} {path}. The API is under /v1, for example /v1/chat/completions.", code: "unknown_url"),
            StatusCodes.Status405MethodNotAllowed => new OpenAIException(StatusCodes.Status405MethodNotAllowed, "invalid_request_error",
                $"Not allowed to {context.Request.Method} on {path}. Allowed: {context.Response.Headers.Allow}.", code: "method_not_supported"),
            _ => null,
        };
    }

    [LoggerMessage(Message = "{Method} {Path} {Status} {Milliseconds:F1} ms prompt_tokens={PromptTokens} completion_tokens={CompletionTokens} {RequestId}")]
    private partial void Finished(LogLevel level, string method, string path, int status, double milliseconds, object promptTokens, object completionTokens, string requestId);

    [LoggerMessage(LogLevel.Error, "Request {RequestId} failed")]
    private partial void Failed(Exception e, string requestId);
}
