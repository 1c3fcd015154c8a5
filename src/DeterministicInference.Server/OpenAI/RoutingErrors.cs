namespace DeterministicInference.Server.OpenAI;

/// <summary>Errors for unmatched routes and methods.</summary>
internal static class RoutingErrors
{
    private const int LongestPath = 100;

    /// <summary>Ordered so that the longest match comes first.</summary>
    private static readonly string[] Routes = ["/v1/chat/completions", "/v1/completions", "/v1/models"];

    /// <summary>The error for a response that routing left without a body, or null.</summary>
    public static OpenAIException? Of(HttpContext context)
    {
        string path = context.Request.Path.Value is not { Length: > LongestPath } whole
            ? context.Request.Path.Value ?? ""
            : whole[..LongestPath] + "…";
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new OpenAIException(
                StatusCodes.Status404NotFound,
                "invalid_request_error",
                $"Unknown request URL: {context.Request.Method} {path}. {Remedy(context.Request.Path)}",
                code: "unknown_url"
            ),
            StatusCodes.Status405MethodNotAllowed => new OpenAIException(
                StatusCodes.Status405MethodNotAllowed,
                "invalid_request_error",
                $"Not allowed to {context.Request.Method} on {path}. Allowed: {context.Response.Headers.Allow}.",
                code: "method_not_supported"
            ),
            _ => null,
        };
    }

    /// <summary>Suggests a correction: the base URL of a client often lacks <c>/v1</c>, or has it twice.</summary>
    private static string Remedy(PathString path) =>
        Array.Find(
            Routes,
            route => path.Value!.TrimEnd('/').EndsWith(route["/v1".Length..], StringComparison.OrdinalIgnoreCase)
        )
            is { } meant
            ? $"Did you mean {meant}? The base URL of a client ends in /v1."
        : path.StartsWithSegments("/v1/receipts") || path.StartsWithSegments("/v1/log")
            ? "Receipts are at /v1/receipts/ID, their key at /v1/receipts/key and their log at /v1/log/checkpoint, of "
                + "a server that issues them (serve without --receipts off)."
        : $"This API has {string.Join(", ", Routes[..^1])} and {Routes[^1]}.";
}
