using System.Net;
using System.Net.Sockets;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// Whether an engine can have its port. A listener of somebody else would answer in its place, and where both ask to share
/// the port (SO_REUSEPORT, as vLLM does) neither would notice.
/// </summary>
internal static class EnginePort
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(2);

    /// <returns>Null when the port is free, or what is in the way and what to do.</returns>
    public static async Task<string?> FindProblemAsync(string host, int port, CancellationToken cancellation)
    {
        IPAddress[] addresses = await AddressesOfAsync(host, cancellation);
        int absent = 0;
        foreach (IPAddress address in addresses)
        {
            SocketError bound = TryBind(address, port, ProtocolType.Unspecified);
            if (bound is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported or SocketError.ProtocolFamilyNotSupported)
            {
                absent++;
                continue;
            }
            string shown = new IPEndPoint(address, port).ToString(), holder = bound == SocketError.AddressAlreadyInUse ? PortHolder.Describe(address, port) : "";
            if (bound == SocketError.AccessDenied) return $"this user may not listen on {shown}. Choose a --backend-port of 1024 or more.";
            // A port that can be bound may still lead to somebody, by a rule of the firewall.
            if (holder.Length > 0 || await IsAnsweredAsync(Reached(address), port, cancellation)) return InUse($"something already listens on {shown}{holder}");
            // Connections of an engine that has ended linger for a minute; the next one binds in spite of them.
            bool isFree = bound != SocketError.AddressAlreadyInUse || (TryBind(address, port, ProtocolType.Tcp) == SocketError.Success && PortHolder.HasRemains(port));
            if (!isFree) return InUse($"something holds {shown} without listening yet");
        }
        return addresses.Length > 0 && absent == addresses.Length
            ? $"{host} is no address of this machine. Give --backend-host 127.0.0.1, or attach to an engine on another machine with --backend-url."
            : null;

        static string InUse(string problem) => $"{problem}. Stop it, choose another --backend-port, or attach to it with --backend-url.";
    }

    /// <summary>Addresses that the engine will bind; none where the name means nothing, which the engine will say itself.</summary>
    private static async Task<IPAddress[]> AddressesOfAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out IPAddress? address)) return [address];
        try
        {
            return await Dns.GetHostAddressesAsync(host, cancellation);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static IPAddress Reached(IPAddress address) =>
        address.Equals(IPAddress.Any) ? IPAddress.Loopback : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : address;

    private static async Task<bool> IsAnsweredAsync(IPAddress address, int port, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LongestConnect);
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, port, limit.Token);
            // A connection from a free port to the same port meets itself.
            return !Equals(socket.LocalEndPoint, socket.RemoteEndPoint);
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <param name="address">Where to bind.</param>
    /// <param name="port">The port.</param>
    /// <param name="protocol">For TCP, .NET sets SO_REUSEADDR, which passes over lingering connections but also over others that set it and don't listen.</param>
    private static SocketError TryBind(IPAddress address, int port, ProtocolType protocol)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, protocol);
            if (address.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;
            socket.Bind(new IPEndPoint(address, port));
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
