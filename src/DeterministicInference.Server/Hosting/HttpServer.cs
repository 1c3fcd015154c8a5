using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace DeterministicInference.Server.Hosting;

/// <summary>The web server that both <c>serve</c> and <c>engine</c> run on.</summary>
internal static class HttpServer
{
    /// <param name="host">An IP address, or localhost: 127.0.0.1 and ::1, or only the former for a free port.</param>
    /// <param name="port">0 takes a free one.</param>
    /// <param name="maxRequestBytes">Largest body.</param>
    public static WebApplicationBuilder CreateBuilder(string host, int port, long maxRequestBytes)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Services.AddSingleton(TimeProvider.System);
        // With socket completions inlined as well (Program.cs) an event costs a fraction of the hops between threads;
        // in return nothing on the request path may block.
        builder.Services.Configure<SocketTransportOptions>(transport => transport.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Limit(kestrel.Limits, maxRequestBytes);
            Listen(kestrel, host, port);
        });
        return builder;
    }

    /// <param name="builder">What <see cref="CreateBuilder"/> began.</param>
    /// <param name="logCategory">Under which name requests are logged.</param>
    public static WebApplication Build(WebApplicationBuilder builder, string logCategory)
    {
        WebApplication app = builder.Build();
        app.UseMiddleware<RequestLog>(logCategory);
        app.UseRouting();
        return app;
    }

    /// <summary>How much of the server a client may hold. Kestrel answers requests beyond these itself, without a body.</summary>
    private static void Limit(KestrelServerLimits limits, long maxRequestBytes)
    {
        limits.MaxRequestBodySize = maxRequestBytes;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.MaxRequestHeaderCount = 100;
        // Half-open connections cost some kilobytes each; one that is above this is closed at once.
        limits.MaxConcurrentConnections = 10_000;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(30);
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
    }

    private static void Listen(KestrelServerOptions kestrel, string host, int port)
    {
        if (host == "localhost" && port != 0) kestrel.ListenLocalhost(port);
        else kestrel.Listen(host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(host), port);
    }
}
