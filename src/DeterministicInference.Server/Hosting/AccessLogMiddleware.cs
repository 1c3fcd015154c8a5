using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Logs one line per request, never with content. It runs outside of <see cref="ApiErrorMiddleware"/>, so that it sees
/// the final status.
/// </summary>
/// <param name="next">The next middleware.</param>
/// <param name="loggers">Creates the logger.</param>
/// <param name="time">The clock.</param>
/// <param name="category">The logger's category.</param>
internal sealed class AccessLogMiddleware(
    RequestDelegate next,
    ILoggerFactory loggers,
    TimeProvider time,
    string category
)
{
    /// <summary>Longest path and method of an unmatched request: a client's text must not fill the log.</summary>
    private const int LongestPath = 200,
        LongestMethod = 20;

    private readonly ILogger _logger = loggers.CreateLogger(category);

    public async Task InvokeAsync(HttpContext context)
    {
        long started = time.GetTimestamp();
        await next(context);
        RequestFacts facts = RequestFacts.Of(context);
        int status = facts.LoggedStatus ?? context.Response.StatusCode;
        LogLevel level = Level(context, status);
        if (!_logger.IsEnabled(level))
            return;
        AccessLogEntry entry = Entry(context, facts, status, time.GetElapsedTime(started));
        _logger.Log(level, default, entry, null, static (line, _) => line.ToString());
    }

    /// <summary>Probes, and the model lists that user interfaces poll, are logged at DEBUG.</summary>
    private static LogLevel Level(HttpContext context, int status) =>
        HealthRoutes.Contains(context.Request.Path)
        || (status == StatusCodes.Status200OK && context.Request.Path.StartsWithSegments("/v1/models"))
            ? LogLevel.Debug
            : LogLevel.Information;

    private static AccessLogEntry Entry(HttpContext context, RequestFacts facts, int status, TimeSpan duration) =>
        new()
        {
            Method = Cut(context.Request.Method, LongestMethod),
            Route = Route(context),
            Status = status,
            Duration = duration,
            FirstByte = facts.FirstByte,
            QueueWait = facts.QueueWait,
            PromptTokens = facts.PromptTokens,
            CompletionTokens = facts.CompletionTokens,
            Seed = facts.Seed,
            Key = facts.KeyLabel,
            RequestId = facts.RequestId,
        };

    /// <summary>
    /// The route's template; without a matched route the path, percent-encoded so that it stays on one line.
    /// </summary>
    private static string Route(HttpContext context)
    {
        string? template = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        return template?.Replace("{**", "{", StringComparison.Ordinal)
            ?? Cut(context.Request.Path.ToUriComponent(), LongestPath);
    }

    private static string Cut(string text, int longest) =>
        text.Length <= longest ? text : $"{text.AsSpan(0, longest)}…";
}
