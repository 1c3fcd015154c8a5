using System.Buffers.Binary;
using System.Net.Sockets;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// A connection to the engine that knows whether the engine can have received a request. An engine closes connections
/// that it considers idle, possibly at the moment in which the next request is sent (uvicorn: 5 s after the last one,
/// https://www.uvicorn.org/settings/).
/// </summary>
internal class EngineConnection(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private const int Tcp = 6,
        TcpInfo = 11;

    /// <summary>
    /// Offsets of tcpi_bytes_acked and tcpi_bytes_received in <c>struct tcp_info</c> (include/uapi/linux/tcp.h in the
    /// kernel's source).
    /// </summary>
    private const int AcknowledgedAt = 120,
        ReceivedAt = 128,
        InfoSize = 136;

    /// <summary>TCP_ESTABLISHED, the value of tcpi_state while neither side has closed.</summary>
    private const byte Established = 1;

    private TcpCounts? _last;

    /// <summary>
    /// Bytes transferred so far, or until the end of the connection; null where the system does not report them.
    /// </summary>
    public TcpCounts? Counts => _last ?? Read();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        SendAttempt.Current?.Begin(this);
        return base.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _last ??= Read();
        base.Dispose(disposing);
    }

    /// <summary>The present counts; null where the system does not report them.</summary>
    protected virtual TcpCounts? Read()
    {
        if (!OperatingSystem.IsLinux())
            return null;
        Span<byte> info = stackalloc byte[InfoSize];
        try
        {
            if (Socket.GetRawSocketOption(Tcp, TcpInfo, info) < InfoSize)
                return null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
        return new(info[0] == Established, Number(info[AcknowledgedAt..]), Number(info[ReceivedAt..]));

        static ulong Number(ReadOnlySpan<byte> bytes) =>
            BitConverter.IsLittleEndian
                ? BinaryPrimitives.ReadUInt64LittleEndian(bytes)
                : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
