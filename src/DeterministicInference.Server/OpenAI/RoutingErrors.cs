namespace DeterministicInference.Server.OpenAI;

/// <summary>Errors for unmatched routes and methods.</summary>
internal static class RoutingErrors
{
    private const int LongestPath = 100,
        LongestMethod = 20;

    /// <summary>The error for a response that routing left without a body, or null.</summary>
    public static OpenAIException? Of(HttpContext context)
    {
        string method = Cut(context.Request.Method, LongestMethod),
            // Percent-encoded: clients print the message.
            path = Cut(context.Request.Path.ToUriComponent(), LongestPath);
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new OpenAIException(
                StatusCodes.Status404NotFound,
                "invalid_request_error",
                $"Unknown request URL: {method} {path}. {WrongAddress.RemedyFor(context.Request)}",
                code: "unknown_url"
            ),
            StatusCodes.Status405MethodNotAllowed => new OpenAIException(
                StatusCodes.Status405MethodNotAllowed,
                "invalid_request_error",
                $"Not allowed to {method} on {path}. Allowed: {context.Response.Headers.Allow}.",
                code: "method_not_supported"
            ),
            _ => null,
        };
    }

    private static string Cut(string text, int longest) => text.Length > longest ? text[..longest] + "…" : text;
}
