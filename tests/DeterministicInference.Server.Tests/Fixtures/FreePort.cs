using System.Net;
using System.Net.Sockets;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// Ports for servers that need a fixed one. They lie below the system's ephemeral range, and each test process starts
/// at another one, so that a free port stays free.
/// </summary>
internal static class FreePort
{
    private const int First = 11_000,
        Count = 20_000;

    private static int _next = Environment.ProcessId * 61 % Count;

    public static int Next()
    {
        while (true)
        {
            int port = First + Interlocked.Increment(ref _next) % Count;
            if (Is(port))
                return port;
        }
    }

    /// <summary>Whether nobody uses a port at this moment.</summary>
    public static bool Is(int port)
    {
        try
        {
            // Unspecified as the protocol: for TCP, .NET sets SO_REUSEADDR, which hides what connections have left
            // behind.
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Unspecified);
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            // In use.
            return false;
        }
    }
}
