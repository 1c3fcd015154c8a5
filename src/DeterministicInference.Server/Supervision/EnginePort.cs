using System.Net;
using System.Net.Sockets;
using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Checks that an engine can have its port. Another listener would answer in its place, and where both set SO_REUSEPORT
/// neither would notice: vLLM does so (vllm-project/vllm@9aaf83e, vllm/entrypoints/openai/api_server.py,
/// create_server_socket; https://man7.org/linux/man-pages/man7/socket.7.html).
/// </summary>
internal static class EnginePort
{
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(2);

    /// <returns>Null if the port is free, else the problem and the remedy.</returns>
    public static async Task<string?> FindProblemAsync(
        string host,
        int port,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        IPAddress[] addresses = await AddressesOfAsync(host, cancellation);
        int absent = 0;
        foreach (IPAddress address in addresses)
        {
            SocketError bound = TryBind(address, port, ProtocolType.Unspecified);
            if (
                bound
                is SocketError.AddressNotAvailable
                    or SocketError.AddressFamilyNotSupported
                    or SocketError.ProtocolFamilyNotSupported
            )
            {
                absent++;
                continue;
            }
            string shown = new IPEndPoint(address, port).ToString(),
                holder = bound == SocketError.AddressAlreadyInUse ? PortHolder.Describe(address, port) : "";
            if (bound == SocketError.AccessDenied)
                return $"this user may not listen on {shown}. Choose a --backend-port of 1024 or more.";
            // A rule of the firewall may lead a port that can be bound to another listener.
            if (holder.Length > 0 || await IsAnsweredAsync(Reached(address), port, time, cancellation))
                return InUse($"something already listens on {shown}{holder}");
            // Connections of an engine that has ended stay in TIME_WAIT for a minute, and an engine that sets
            // SO_REUSEADDR binds in spite of them (https://man7.org/linux/man-pages/man7/socket.7.html).
            bool isFree =
                bound != SocketError.AddressAlreadyInUse
                || (TryBind(address, port, ProtocolType.Tcp) == SocketError.Success && PortHolder.HasRemains(port));
            if (!isFree)
                return InUse($"something holds {shown} without listening yet");
        }
        return addresses.Length > 0 && absent == addresses.Length
            ? $"{host} is not an address of this machine. Give --backend-host 127.0.0.1, or attach to an engine on "
                + "another machine with --backend-url."
            : null;

        static string InUse(string problem) =>
            $"{problem}. Stop it, choose another --backend-port, or attach to it with --backend-url.";
    }

    /// <summary>
    /// Addresses that the engine will bind; none where the name can't be resolved, which the engine reports itself.
    /// </summary>
    private static async Task<IPAddress[]> AddressesOfAsync(string host, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(host, out IPAddress? address))
            return [address];
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
        address.Equals(IPAddress.Any) ? IPAddress.Loopback
        : address.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback
        : address;

    private static async Task<bool> IsAnsweredAsync(
        IPAddress address,
        int port,
        TimeProvider time,
        CancellationToken cancellation
    )
    {
        using var limit = new TimeLimit(LongestConnect, time, cancellation);
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, port, limit.Token);
            // A connection to a free port may get that very port as its own and so connect to itself.
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

    /// <summary>Binds a port, and gives it back at once.</summary>
    /// <param name="address">The address to bind.</param>
    /// <param name="port">The port.</param>
    /// <param name="protocol">
    /// For TCP, .NET sets SO_REUSEADDR on Unix (dotnet/runtime, src/native/libs/System.Native/pal_networking.c,
    /// SystemNative_Bind), which passes over TIME_WAIT but also over sockets that set it too and don't listen.
    /// </param>
    public static SocketError TryBind(IPAddress address, int port, ProtocolType protocol)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, protocol);
            if (address.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = false;
            socket.Bind(new IPEndPoint(address, port));
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
