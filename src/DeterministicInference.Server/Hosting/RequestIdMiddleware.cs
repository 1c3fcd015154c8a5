using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Gives each request an id, the client's own where that is usable, and its <see cref="RequestFacts"/>.
/// </summary>
/// <param name="next">The next middleware.</param>
internal sealed class RequestIdMiddleware(RequestDelegate next)
{
    /// <summary>Header of the id, in requests, in answers and towards the engine.</summary>
    public const string Header = "x-request-id";

    /// <summary>Longest id that is accepted from a client, in characters.</summary>
    private const int LongestId = 128;

    public Task InvokeAsync(HttpContext context)
    {
        string id = context.Request.Headers[Header] is [{ } given] && IsUsable(given) ? given : ResponseIds.Request();
        context.Response.Headers[Header] = id;
        context.Features.Set(new RequestFacts(id));
        return next(context);
    }

    /// <summary>Whether a client's id is safe in a header and in a log line.</summary>
    private static bool IsUsable(string id) =>
        id.Length is > 0 and <= LongestId && id.All(c => c is > ' ' and < '\x7f');
}
