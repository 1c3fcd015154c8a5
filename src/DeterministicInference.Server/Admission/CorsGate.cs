using DeterministicInference.Server.Hosting;
using Microsoft.Extensions.Primitives;

namespace DeterministicInference.Server.Admission;

/// <summary>
/// Lets pages of the configured origins call the API from a browser (the CORS protocol of the Fetch standard). No answer allows
/// credentials: a key is a header that the page itself sets. The framework's middleware does not fit: with a single
/// origin it leaves out <c>Vary</c>, so that a cache could give one page another page's answer.
/// </summary>
internal sealed class CorsGate(IReadOnlyList<string> origins)
{
    private const string Methods = "GET, HEAD, POST, OPTIONS";

    /// <summary>Seconds; browsers take at most two hours, some ten minutes.</summary>
    private const string MaxAge = "7200";

    private readonly bool _allowsEvery = origins.Contains("*");

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.Append("Vary", "Origin");
        string? origin = context.Request.Headers.Origin;
        bool isAllowed = origin is not null && (_allowsEvery || origins.Contains(origin));
        if (isAllowed)
        {
            headers.AccessControlAllowOrigin = _allowsEvery ? "*" : origin;
            headers.AccessControlExposeHeaders = $"{RequestLog.RequestId}, Retry-After";
        }
        bool isPreflight = HttpMethods.IsOptions(context.Request.Method) && origin is not null && context.Request.Headers.AccessControlRequestMethod.Count > 0;
        if (!isPreflight) return next(context);
        if (!isAllowed) throw AdmissionErrors.OriginNotAllowed();
        headers.Append("Vary", "Access-Control-Request-Headers");
        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlMaxAge = MaxAge;
        // SDKs send headers of their own (x-stainless-…); what is allowed to be sent is not thereby forwarded.
        if (context.Request.Headers.AccessControlRequestHeaders is { Count: > 0 } requested) headers.AccessControlAllowHeaders = new StringValues(requested.ToString());
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }
}
