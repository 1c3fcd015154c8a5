using System.Net;
using System.Net.Sockets;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>
/// Ports for servers that need to be told one. They lie below those that the system gives to connections, and each test
/// process begins elsewhere: one that was free a moment ago stays free.
/// </summary>
internal static class FreePort
{
    private const int First = 11_000, Count = 20_000;

    private static int s_next = Environment.ProcessId * 61 % Count;

    public static int Next()
    {
        while (true)
        {
            int port = First + Interlocked.Increment(ref s_next) % Count;
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // In use.
            }
        }
    }
}
