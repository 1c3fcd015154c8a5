using System.Net;
using System.Net.Sockets;

namespace DeterministicInference.FakeBackend;

/// <summary>
/// A port that is taken before anybody listens on it, and that others may take too; or a Unix socket.
/// </summary>
internal static class ReusedPort
{
    // Linux's numbers.
    private const int SocketLevel = 1,
        ReusePort = 15;

    public static Socket Bind(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    public static Socket Bind(string host, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetRawSocketOption(SocketLevel, ReusePort, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(host == "localhost" ? IPAddress.Loopback : IPAddress.Parse(host), port));
        Output.Log($"The process has port {((IPEndPoint)socket.LocalEndPoint!).Port}");
        return socket;
    }
}
