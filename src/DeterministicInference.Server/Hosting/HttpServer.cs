using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace DeterministicInference.Server.Hosting;

/// <summary>The web server that both <c>serve</c> and <c>engine</c> run on.</summary>
internal static class HttpServer
{
    /// <param name="host">An IP address, or localhost: 127.0.0.1 and ::1, or only 127.0.0.1 for a free port.</param>
    /// <param name="port">The port; 0 picks a free one.</param>
    /// <param name="maxRequestBytes">Largest request body.</param>
    /// <param name="headersTimeout">Time within which a client must send the headers of a request.</param>
    /// <param name="socketPath">Unix socket to listen on instead of host and port; null for none.</param>
    public static WebApplicationBuilder CreateBuilder(
        string host,
        int port,
        long maxRequestBytes,
        TimeSpan headersTimeout,
        string? socketPath = null
    )
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { Args = ["--hostBuilder:reloadConfigOnChange=false"] }
        );
        // Settings have their own sources. A file appsettings.json of the working directory must not add endpoints, nor
        // cost a thread that watches all that changes below it, such as the log of receipts.
        builder.Configuration.Sources.Clear();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddCors();
        // With inlined socket completions too (Program.cs), an event costs a fraction of the thread switches; in return
        // nothing on the request path may block
        // (https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.server.kestrel.transport.sockets.sockettransportoptions.unsafepreferinlinescheduling).
        builder.Services.Configure<SocketTransportOptions>(transport => transport.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Limit(kestrel.Limits, maxRequestBytes, headersTimeout);
            if (socketPath is not null)
                kestrel.ListenUnixSocket(Path.GetFullPath(socketPath), HalfClose.Use);
            else
                Listen(kestrel, host, port);
        });
        return builder;
    }

    /// <param name="builder">The builder from <see cref="CreateBuilder"/>.</param>
    /// <param name="logCategory">Category of the access log.</param>
    /// <param name="logsRequests">Whether there is an access log.</param>
    public static WebApplication Build(WebApplicationBuilder builder, string logCategory, bool logsRequests = true)
    {
        WebApplication app = builder.Build();
        app.Use(HalfClose.InvokeAsync);
        // Order from outermost to innermost: the access log sees the status of errors.
        app.UseMiddleware<RequestIdMiddleware>();
        if (logsRequests)
            app.UseMiddleware<AccessLogMiddleware>(logCategory);
        app.UseMiddleware<ApiErrorMiddleware>(logCategory);
        app.UseRouting();
        return app;
    }

    /// <summary>
    /// Limits the resources that a client can hold. Kestrel itself answers requests beyond these, without a body.
    /// </summary>
    private static void Limit(KestrelServerLimits limits, long maxRequestBytes, TimeSpan headersTimeout)
    {
        limits.MaxRequestBodySize = maxRequestBytes;
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.MaxRequestHeaderCount = 100;
        // An idle connection costs a few kilobytes; connections above this number are closed at once.
        limits.MaxConcurrentConnections = 10_000;
        limits.RequestHeadersTimeout = headersTimeout;
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
    }

    private static void Listen(KestrelServerOptions kestrel, string host, int port)
    {
        if (host == "localhost" && port != 0)
            kestrel.ListenLocalhost(port, HalfClose.Use);
        else
            kestrel.Listen(host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(host), port, HalfClose.Use);
    }
}
