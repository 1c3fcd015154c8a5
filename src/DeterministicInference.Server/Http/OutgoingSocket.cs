using System.Net;
using System.Net.Sockets;

namespace DeterministicInference.Server.Http;

/// <summary>Opens the connections of this program's HTTP clients.</summary>
internal static class OutgoingSocket
{
    private static readonly TimeSpan FullQueue = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// The handler of an HTTP client of this program: no redirect is followed, no cookie is kept, no trace header
    /// added.
    /// </summary>
    public static SocketsHttpHandler CreateHandler() =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
        };

    /// <summary>The same, which undoes the content encoding of answers.</summary>
    public static SocketsHttpHandler CreateDecodingHandler()
    {
        SocketsHttpHandler handler = CreateHandler();
        handler.AutomaticDecompression = DecompressionMethods.All;
        return handler;
    }

    /// <summary>For <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellation
    ) => new NetworkStream(await OpenAsync(context, cancellation), ownsSocket: true);

    /// <summary>Connects to a Unix socket.</summary>
    /// <exception cref="SocketException">Nobody listens there.</exception>
    public static async ValueTask<Socket> OpenAsync(string path, CancellationToken cancellation)
    {
        var address = new UnixDomainSocketEndPoint(path);
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(address, cancellation);
                _ = socket.RemoteEndPoint;
                return socket;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain)
            {
                // The listener's queue is full, which over TCP the kernel would wait out by itself: EAGAIN in
                // https://man7.org/linux/man-pages/man2/connect.2.html. llama-server's has 5 places
                // (CPPHTTPLIB_LISTEN_BACKLOG of yhirose/cpp-httplib).
                socket.Dispose();
                await Task.Delay(FullQueue, cancellation);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    /// <summary>
    /// Connects as the handler itself would, with one difference. The handler reads a new connection's remote address
    /// outside of the code that turns failures into <see cref="HttpRequestException"/>: where the other side has
    /// already reset the connection, as a process that is killed does, the request throws a bare
    /// <see cref="SocketException"/>. Read here first, a reset is a failure to connect like any other, and the socket
    /// caches the address.
    /// </summary>
    /// <exception cref="SocketException">No connection, or it was reset at once.</exception>
    public static async ValueTask<Socket> OpenAsync(
        SocketsHttpConnectionContext context,
        CancellationToken cancellation
    )
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
            _ = socket.RemoteEndPoint;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
