using System.Text;
using DeterministicInference.Server.Http;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// Sends requests to the engine. A request is sent once: an engine that may have begun to compute is never asked again.
/// The exception is a request that provably did not reach the engine, because the engine was closing the connection; it
/// is sent a second time.
/// </summary>
/// <param name="connectTimeout">Longest time of a connection's opening.</param>
/// <param name="logger">Of the gateway.</param>
/// <param name="socketPath">Unix socket on which the engine listens; null for the address of the requests.</param>
internal sealed partial class EngineClient(TimeSpan connectTimeout, ILogger logger, string? socketPath = null)
    : IDisposable
{
    /// <summary>
    /// Idle connections are closed after this time: uvicorn closes its side after 5 s (--timeout-keep-alive,
    /// https://www.uvicorn.org/settings/). The handler checks once per second (HttpConnectionPoolManager in
    /// dotnet/runtime, 10.0).
    /// </summary>
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(3);

    /// <summary>
    /// An answer that is abandoned early closes its connection after this time, which tells the engine to stop.
    /// </summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMilliseconds(200);

    private readonly HttpMessageInvoker _invoker = new(CreateHandler(connectTimeout, socketPath));

    /// <param name="create">Creates the request; called again where the request is sent a second time.</param>
    /// <param name="cancellation">
    /// Cancels the request until the headers of its answer have arrived; after that the body is cancelled by disposing
    /// of it.
    /// </param>
    /// <exception cref="HttpRequestException">No answer, or one that is not valid HTTP.</exception>
    /// <exception cref="OperationCanceledException">
    /// Cancelled, or no connection within <c>--connect-timeout</c>.
    /// </exception>
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

    [LoggerMessage(
        LogLevel.Debug,
        "The engine closed the connection on which a request was sent; the request is sent again"
    )]
    private partial void SentAgain();

    private static SocketsHttpHandler CreateHandler(TimeSpan connectTimeout, string? socketPath)
    {
        SocketsHttpHandler handler = OutgoingSocket.CreateHandler();
        handler.UseProxy = false;
        handler.ConnectTimeout = connectTimeout;
        handler.ConnectCallback = async (context, cancellation) =>
            socketPath is null
                ? new EngineConnection(await OutgoingSocket.OpenAsync(context, cancellation))
                : new EngineSocketConnection(await OutgoingSocket.OpenAsync(socketPath, cancellation));
        handler.PooledConnectionIdleTimeout = IdleConnection;
        handler.ResponseDrainTimeout = DrainTimeout;
        // A client's header may contain any text; interpreting it is left to the engine.
        handler.RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8;
        return handler;
    }
}
