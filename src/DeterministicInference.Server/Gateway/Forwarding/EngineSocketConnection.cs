using System.Net.Sockets;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// A connection over a Unix socket. The kernel counts nothing there, but it needs no acknowledgement either: a write
/// puts the bytes into the engine's queue or fails because the engine has closed (EPIPE,
/// https://man7.org/linux/man-pages/man7/unix.7.html). So a request whose first write failed was never received. One
/// that was written may have been read, whatever follows.
/// </summary>
internal sealed class EngineSocketConnection(Socket socket) : EngineConnection(socket)
{
    /// <summary>
    /// A write of at most so many bytes is queued whole or not at all, far below the size at which
    /// unix_stream_sendmsg of net/unix/af_unix.c in the kernel's source begins a second buffer.
    /// </summary>
    private const int OneBuffer = 16 << 10;

    private ulong _written = 1;
    private bool _isRefused;

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        ValueTask write = base.WriteAsync(buffer, cancellationToken);
        _written += (ulong)buffer.Length;
        try
        {
            await write;
        }
        catch (IOException e)
            when (buffer.Length <= OneBuffer
                && e.InnerException is SocketException { SocketErrorCode: SocketError.Shutdown }
            )
        {
            _written -= (ulong)buffer.Length;
            _isRefused = true;
            throw;
        }
    }

    /// <summary>In the terms of TCP: a refused write is the close that acknowledges nothing new.</summary>
    protected override TcpCounts? Read() => new(IsOpen: !_isRefused, _written, Received: _isRefused ? 1u : 0u);
}
