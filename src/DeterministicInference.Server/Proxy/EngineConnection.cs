using System.Buffers.Binary;
using System.Net.Sockets;

namespace DeterministicInference.Server.Proxy;

/// <summary>
/// A connection to the engine that can tell whether the engine can have received a request. An engine closes a connection that
/// it takes for idle, at times at the very moment in which the next request leaves (uvicorn: 5 s after the last one).
/// </summary>
internal sealed class EngineConnection(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    private const int Tcp = 6, TcpInfo = 11;

    /// <summary>Where Linux's <c>struct tcp_info</c> has the bytes that the other side has acknowledged, and those received.</summary>
    private const int AcknowledgedAt = 120, ReceivedAt = 128, InfoSize = 136;

    /// <summary>Its first byte where neither side has closed.</summary>
    private const byte Established = 1;

    private TcpCounts? _last;

    /// <summary>What has been transferred until now, or until the end; null where the system does not tell.</summary>
    public TcpCounts? Counts => _last ?? Read();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        SendAttempt.Current?.Begin(this);
        return base.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _last ??= Read();
        base.Dispose(disposing);
    }

    private TcpCounts? Read()
    {
        if (!OperatingSystem.IsLinux()) return null;
        Span<byte> info = stackalloc byte[InfoSize];
        try
        {
            if (Socket.GetRawSocketOption(Tcp, TcpInfo, info) < InfoSize) return null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return null;
        }
        return new(info[0] == Established, Number(info[AcknowledgedAt..]), Number(info[ReceivedAt..]));

        static ulong Number(ReadOnlySpan<byte> bytes) => BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt64LittleEndian(bytes) : BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }
}
