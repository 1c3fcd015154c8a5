using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Gateway;

/// <summary>
/// The routes that are forwarded to the engine. Other routes of the engine are not reachable: many need no key and
/// change the engine.
/// </summary>
internal static class GatewayRoutes
{
    public static void MapGenerating(IEndpointRouteBuilder routes, RequestPipeline pipeline)
    {
        // The engine gets this path, not the client's spelling; a query is dropped.
        foreach (RequestRoute route in (RequestRoute[])[RequestRoute.Completions, RequestRoute.Chat])
            routes.MapPost(route.Path(), context => pipeline.RunAsync(context, route));
    }

    public static void MapHealth(IEndpointRouteBuilder routes, HealthReport health)
    {
        foreach (string path in (string[])["/health", "/readyz"])
            routes.MapMethods(path, ["GET", "HEAD"], context => ReadyAsync(context, health));
        routes.MapMethods(
            "/livez",
            ["GET", "HEAD"],
            context => ApiJson.WriteAsync(context, StatusCodes.Status200OK, HealthReport.WriteAlive)
        );
    }

    private static Task ReadyAsync(HttpContext context, HealthReport health)
    {
        ServerState now = health.Now;
        bool isReady = health.IsReady(now);
        if (!isReady)
            context.Response.Headers.RetryAfter = health.RetryAfter(now.Engine);
        int status = isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return ApiJson.WriteAsync(context, status, json => health.Write(json, now));
    }
}
