using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Net.Http.Headers;

namespace DeterministicInference.Server.Gateway.Admission;

/// <summary>
/// Lets pages of the configured origins call the API from a browser: the framework's CORS middleware with one policy.
/// Credentials are not allowed: pages set the key as a header themselves.
/// </summary>
internal static class CrossOriginAccess
{
    /// <summary>
    /// Chromium keeps a preflight's answer for at most two hours
    /// (https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Access-Control-Max-Age).
    /// </summary>
    private static readonly TimeSpan PreflightMaxAge = TimeSpan.FromHours(2);

    /// <summary>Answers preflights, which can't carry a key, and marks the answers to allowed origins.</summary>
    /// <param name="app">The application; call this before adding the middleware that asks for keys.</param>
    /// <param name="origins">As browsers send them; <c>*</c> alone is every origin.</param>
    public static void Use(WebApplication app, IReadOnlyList<string> origins)
    {
        app.Use(
            (context, next) =>
            {
                context.Response.OnStarting(VaryByOrigin, context);
                return next(context);
            }
        );
        app.UseCors(policy => Configure(policy, origins));
    }

    private static void Configure(CorsPolicyBuilder policy, IReadOnlyList<string> origins) =>
        policy
            .WithOrigins([.. origins])
            // SDKs send headers of their own (x-stainless-…). Headers that are allowed here are not forwarded for that
            // reason.
            .AllowAnyHeader()
            .WithMethods("GET", "HEAD", "POST", "OPTIONS")
            .WithExposedHeaders([
                RequestIdMiddleware.Header,
                HeaderNames.RetryAfter,
                RetryHeaders.Milliseconds,
                RetryHeaders.ShouldRetry,
                .. RetryHeaders.RateLimits,
                ReceiptHeaders.Id,
                ReceiptHeaders.ContentDigest,
            ])
            .SetPreflightMaxAge(PreflightMaxAge);

    /// <summary>
    /// Adds <c>Vary: Origin</c>, without which a cache could give one page another page's answer. The framework adds it
    /// only where it allows one of several origins (CorsService.EvaluatePolicy in dotnet/aspnetcore,
    /// src/Middleware/CORS, 10.0).
    /// </summary>
    private static Task VaryByOrigin(object context)
    {
        IHeaderDictionary headers = ((HttpContext)context).Response.Headers;
        if (!headers.Vary.Contains(HeaderNames.Origin))
            headers.Append(HeaderNames.Vary, HeaderNames.Origin);
        return Task.CompletedTask;
    }
}
