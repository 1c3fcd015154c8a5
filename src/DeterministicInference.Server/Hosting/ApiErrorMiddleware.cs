using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Answers exceptions and unmatched requests with errors in the OpenAI shape. A client that disconnected is only
/// logged.
/// </summary>
/// <param name="next">The next middleware.</param>
/// <param name="loggers">Creates the logger.</param>
/// <param name="category">The logger's category.</param>
internal sealed partial class ApiErrorMiddleware(RequestDelegate next, ILoggerFactory loggers, string category)
{
    private readonly ILogger _logger = loggers.CreateLogger(category);

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            bool hasAnswer = context.Response.HasStarted || context.Response.ContentLength is not null;
            if (!hasAnswer && RoutingErrors.Of(context) is { } error)
                await AnswerAsync(context, error);
            else if (context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
                RequestFacts.Of(context).LoggedStatus ??= StatusCodes.Status499ClientClosedRequest;
        }
        catch (OpenAIException e)
        {
            await AnswerAsync(context, e);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected, and the generation was cancelled with the request.
            RequestFacts.Of(context).LoggedStatus = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception e)
        {
            await FailAsync(context, e);
        }
    }

    private async Task FailAsync(HttpContext context, Exception e)
    {
        string id = RequestFacts.Of(context).RequestId;
        Failed(e, id);
        if (context.Response.HasStarted)
        {
            context.Abort();
            return;
        }
        var error = new OpenAIException(
            StatusCodes.Status500InternalServerError,
            "server_error",
            $"The server failed to answer. See its log for request {id}.",
            code: "internal_error"
        );
        await AnswerAsync(context, error);
    }

    private static async Task AnswerAsync(HttpContext context, OpenAIException error)
    {
        try
        {
            await OpenAIError.WriteAsync(context, error);
            await UnreadBody.DrainAsync(context);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            RequestFacts.Of(context).LoggedStatus = StatusCodes.Status499ClientClosedRequest;
        }
    }

    [LoggerMessage(LogLevel.Error, "Request {RequestId} failed")]
    private partial void Failed(Exception e, string requestId);
}
