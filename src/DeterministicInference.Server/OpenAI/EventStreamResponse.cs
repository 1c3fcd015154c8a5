namespace DeterministicInference.Server.OpenAI;

/// <summary>The headers of an answer in server-sent events.</summary>
internal static class EventStreamResponse
{
    public static void Begin(HttpResponse response)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        PassAtOnce(response);
    }

    /// <summary>
    /// Has nginx pass on at once what it gets (https://nginx.org/en/docs/http/ngx_http_proxy_module.html,
    /// proxy_buffering).
    /// </summary>
    public static void PassAtOnce(HttpResponse response) => response.Headers["X-Accel-Buffering"] = "no";
}
