using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// Connections to the engine. A request is sent once: an engine that may have begun is never asked again. The exception is one
/// that provably did not reach the engine, on a connection that it was just closing; it is sent a second time.
/// </summary>
internal sealed partial class BackendClient(TimeSpan connectTimeout, ILogger logger) : IDisposable
{
    /// <summary>uvicorn closes a connection after 5 s without a request. Connections above this age are removed once per second.</summary>
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(3);

    /// <summary>An answer that is left early closes its connection after this time: that is how the engine learns of it.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMilliseconds(200);

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = connectTimeout,
        ConnectCallback = ConnectAsync,
        PooledConnectionIdleTimeout = IdleConnection,
        ResponseDrainTimeout = DrainTimeout,
        // A client's header may hold any text; what it means is the engine's business.
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    });

    /// <param name="create">Makes the request; called again where it has to be sent again.</param>
    /// <param name="cancellation">Ends the request until its answer's headers are there; then its body does.</param>
    /// <exception cref="HttpRequestException">No answer, or none in HTTP.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or no connection in time.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> create, CancellationToken cancellation)
    {
        var attempt = new SendAttempt();
        SendAttempt.Current = attempt;
        try
        {
            return await _invoker.SendAsync(create(), cancellation);
        }
        catch (HttpRequestException) when (attempt.WasNeverReceived && !cancellation.IsCancellationRequested)
        {
            SentAgain();
            SendAttempt.Current = null;
            return await _invoker.SendAsync(create(), cancellation);
        }
    }

    public void Dispose() => _invoker.Dispose();

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            return new EngineConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    [LoggerMessage(LogLevel.Debug, "The engine was closing the connection on which a request left: it is sent again")]
    private partial void SentAgain();
}
