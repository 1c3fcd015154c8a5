using System.Net;
using System.Net.Sockets;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Gateway.Forwarding;
using DeterministicInference.Server.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace DeterministicInference.Server.Tests.Http;

/// <summary>
/// A killed process resets connections just opened to it; requests then fail as without a connection.
/// </summary>
public sealed class OutgoingSocketTests : IDisposable
{
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly Uri _url;

    public OutgoingSocketTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        _listener.Listen(512);
        _url = new Uri($"http://[::1]:{((IPEndPoint)_listener.LocalEndPoint!).Port}");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_that_was_reset_before_its_first_use_is_a_failed_request()
    {
        using var client = new HttpMessageInvoker(
            new SocketsHttpHandler
            {
                ConnectCallback = async (context, cancellation) =>
                {
                    Socket socket = await OutgoingSocket.OpenAsync(context, cancellation);
                    ResetNext();
                    // Readable is what has ended.
                    Assert.True(socket.Poll(Limits.Overall, SelectMode.SelectRead));
                    return new NetworkStream(socket, ownsSocket: true);
                },
            }
        );
        await Assert.ThrowsAsync<HttpRequestException>(() => client.SendAsync(Request(), Cancellation).Within());
    }

    /// <summary>The critical moment is short and hit about once in fifty attempts, so the test repeats.</summary>
    [Fact]
    public async Task Connections_that_are_reset_at_once_are_failures_that_each_client_knows()
    {
        const int Times = 1000;
        using var engine = new EngineCalls(_url, key: null);
        using var gateway = new EngineClient(Limits.Overall, NullLogger.Instance);
        using var receipts = new ReceiptServer(
            _url,
            apiKey: null,
            Limits.Overall,
            OutgoingSocket.CreateDecodingHandler()
        );
        using var api = new ApiClient(_url.ToString());
        var resets = Task.Factory.StartNew(
            ResetAll,
            Cancellation,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
        for (int i = 0; i < Times; i++)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => engine.StatusAsync("/", Cancellation).Within());
            await Assert.ThrowsAsync<HttpRequestException>(() => gateway.SendAsync(Request, Cancellation).Within());
            await Assert.ThrowsAsync<NoAnswerException>(() =>
                receipts.KeysAsync(null, Cancellation).ToArrayAsync(Cancellation).AsTask().Within()
            );
            await Assert.ThrowsAsync<HttpRequestException>(() => api.GetAsync("/").Within());
        }
        _listener.Dispose();
        await Assert.ThrowsAsync<SocketException>(() => resets.Within());
    }

    public void Dispose() => _listener.Dispose();

    private HttpRequestMessage Request() => new(HttpMethod.Get, _url);

    private void ResetAll()
    {
        while (true)
            ResetNext();
    }

    private void ResetNext()
    {
        using Socket accepted = _listener.Accept();
        accepted.LingerState = new LingerOption(enable: true, seconds: 0);
    }
}
