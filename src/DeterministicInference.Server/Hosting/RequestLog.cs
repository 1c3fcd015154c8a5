using System.Diagnostics;
using DeterministicInference.Server.EngineHost;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Around every request: the request id, errors in the OpenAI shape, and one line in the log, never with content.
/// </summary>
/// <param name="next">What answers.</param>
/// <param name="loggers">Where the lines go.</param>
/// <param name="category">Under which name.</param>
internal sealed partial class RequestLog(RequestDelegate next, ILoggerFactory loggers, string category)
{
    /// <summary>Keys of <see cref="HttpContext.Items"/> under which a handler leaves its token counts.</summary>
    public static readonly object PromptTokens = new(), CompletionTokens = new();

    /// <summary>Key of <see cref="HttpContext.Items"/> for the status that an answer deserved which broke after its own was sent.</summary>
    public static readonly object BrokenStatus = new();

    /// <summary>Keys of <see cref="HttpContext.Items"/> for the time that the engine took to begin its answer, that a request waited in the
    /// queue (both <see cref="TimeSpan"/>), and the label of the client's API key.</summary>
    public static readonly object FirstByte = new(), QueueWait = new(), KeyLabel = new();

    /// <summary>Header, and key of <see cref="HttpContext.Items"/>, of the request's id.</summary>
    public const string RequestId = "x-request-id";

    /// <summary>Longest id that is taken over from a client.</summary>
    private const int LongestId = 128;

    private const int ClientClosedRequest = 499;

    private readonly ILogger _logger = loggers.CreateLogger(category);

    public async Task InvokeAsync(HttpContext context)
    {
        string id = context.Request.Headers[RequestId] is [{ } given] && IsUsable(given) ? given : ResponseIds.Request();
        context.Response.Headers[RequestId] = id;
        context.Items[RequestId] = id;
        long started = Stopwatch.GetTimestamp();
        int status = await RunAsync(context, id);
        LogLevel level = Level(context, status);
        if (_logger.IsEnabled(level)) _logger.Log(level, default, RequestLine.Of(context, status, Stopwatch.GetElapsedTime(started)), null, static (line, _) => line.ToString());
    }

    /// <summary>Whether a client's id can stand in a header and in a line of the log.</summary>
    private static bool IsUsable(string id) => id.Length is > 0 and <= LongestId && id.All(c => c is > ' ' and < '\x7f');

    /// <summary>Probes, and the lists of models that user interfaces ask for all the time, would drown the rest.</summary>
    private static LogLevel Level(HttpContext context, int status) =>
        Probes.Include(context.Request.Path) || (status == StatusCodes.Status200OK && context.Request.Path.StartsWithSegments("/v1/models"))
            ? LogLevel.Debug
            : LogLevel.Information;

    /// <returns>The status of the answer, or 499 where the client left.</returns>
    private async Task<int> RunAsync(HttpContext context, string id)
    {
        try
        {
            await next(context);
            if (!context.Response.HasStarted && context.Response.ContentLength is null && RoutingErrors.Of(context) is { } error) await OpenAIError.WriteAsync(context, error);
            if (context.Items[BrokenStatus] is int broken) return broken;
            return context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted ? ClientClosedRequest : context.Response.StatusCode;
        }
        catch (OpenAIException e)
        {
            return await AnswerAsync(context, e);
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
            return await AnswerAsync(context, new OpenAIException(StatusCodes.Status500InternalServerError, "server_error",
                $"The server failed to answer. See its log for request {id}.", code: "internal_error"));
        }
    }

    /// <returns>The error's status, or 499 where the client left before it was told.</returns>
    private static async Task<int> AnswerAsync(HttpContext context, OpenAIException error)
    {
        try
        {
            await OpenAIError.WriteAsync(context, error);
            return error.Status;
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            return ClientClosedRequest;
        }
    }

    [LoggerMessage(LogLevel.Error, "Request {RequestId} failed")]
    private partial void Failed(Exception e, string requestId);
}
