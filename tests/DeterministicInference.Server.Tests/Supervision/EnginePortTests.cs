using System.Net;
using System.Net.Sockets;
using DeterministicInference.Server.Supervision;
using Xunit;

namespace DeterministicInference.Server.Tests.Supervision;

/// <summary>Conditions that block an engine's port, and conditions that do not.</summary>
public sealed class EnginePortTests
{
    private const int SolSocket = 1,
        SoReuseAddress = 2,
        SoReusePort = 15;

    private static readonly string Remedy =
        "Stop it, choose another --backend-port, or attach to it with --backend-url.";

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("no-such-host.invalid")]
    public async Task A_free_port_is_free(string host) => Assert.Null(await FindAsync(host, FreePort.Next()));

    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1")]
    [InlineData("127.0.0.1", "localhost")]
    [InlineData("127.0.0.1", "0.0.0.0")]
    [InlineData("0.0.0.0", "127.0.0.1")]
    [InlineData("::1", "::1")]
    [InlineData("::1", "::")]
    [InlineData("::", "::1")]
    public async Task A_listener_is_named_with_its_process(string listens, string host)
    {
        using Socket listener = Bind(listens, FreePort.Next());
        listener.Listen();
        string problem = (await FindAsync(host, PortOf(listener)))!;
        Assert.StartsWith("something already listens on ", problem, StringComparison.Ordinal);
        Assert.Contains($":{PortOf(listener)} (pid {Environment.ProcessId}, ", problem, StringComparison.Ordinal);
        Assert.EndsWith($"). {Remedy}", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_listener_on_another_address_does_not_block_the_port()
    {
        using Socket listener = Bind("127.0.0.2", FreePort.Next());
        listener.Listen();
        Assert.Null(await FindAsync("127.0.0.1", PortOf(listener)));
    }

    [Fact]
    public async Task A_listener_that_shares_its_port_is_seen()
    {
        using Socket listener = Bind("0.0.0.0", FreePort.Next(), SoReuseAddress, SoReusePort);
        listener.Listen();
        Assert.StartsWith(
            "something already listens on ",
            await FindAsync("127.0.0.1", PortOf(listener)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_listener_that_takes_no_connection_is_seen()
    {
        using Socket listener = Bind("127.0.0.1", FreePort.Next());
        listener.Listen(1);
        using Socket first = await ConnectAsync(PortOf(listener)),
            second = await ConnectAsync(PortOf(listener));
        Assert.StartsWith(
            "something already listens on ",
            await FindAsync("127.0.0.1", PortOf(listener)),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("127.0.0.1", SoReuseAddress)]
    [InlineData("0.0.0.0", SoReuseAddress, SoReusePort)]
    public async Task A_port_that_is_bound_without_a_listener_is_seen(string binds, params int[] options)
    {
        // As vLLM binds it while it loads.
        using Socket holder = Bind(binds, FreePort.Next(), options);
        Assert.Equal(
            $"something holds 127.0.0.1:{PortOf(holder)} without listening yet. {Remedy}",
            await FindAsync("127.0.0.1", PortOf(holder))
        );
    }

    [Fact]
    public async Task Connections_left_by_an_ended_engine_do_not_block_the_port()
    {
        int port = FreePort.Next();
        await LingerAsync(port);
        Assert.True(PortHolder.HasRemains(port));
        Assert.Null(await FindAsync("127.0.0.1", port));
        // These connections don't hide a listener.
        using Socket listener = Bind("127.0.0.1", port, SoReuseAddress);
        listener.Listen();
        Assert.StartsWith(
            "something already listens on ",
            await FindAsync("127.0.0.1", port),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_address_of_another_machine_is_refused()
    {
        // Reserved for documentation (RFC 5737): no machine has it.
        Assert.Equal(
            "192.0.2.1 is not an address of this machine. Give --backend-host 127.0.0.1, or attach to an engine on "
                + "another machine with --backend-url.",
            await FindAsync("192.0.2.1", FreePort.Next())
        );
    }

    private static Task<string?> FindAsync(string host, int port) =>
        EnginePort.FindProblemAsync(host, port, TimeProvider.System, TestContext.Current.CancellationToken);

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;

    /// <summary>Unspecified as the protocol: for TCP, .NET sets SO_REUSEADDR by itself.</summary>
    private static Socket Bind(string address, int port, params int[] options)
    {
        var ip = IPAddress.Parse(address);
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        foreach (int option in options)
            socket.SetRawSocketOption(SolSocket, option, BitConverter.GetBytes(1));
        socket.Bind(new IPEndPoint(ip, port));
        return socket;
    }

    private static async Task<Socket> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>The side that closes first keeps the connection in TIME_WAIT for a minute.</summary>
    private static async Task LingerAsync(int port)
    {
        using Socket listener = Bind("127.0.0.1", port, SoReuseAddress);
        listener.Listen();
        using Socket client = await ConnectAsync(port);
        using (Socket accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken))
            accepted.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
        client.Close();
    }
}
