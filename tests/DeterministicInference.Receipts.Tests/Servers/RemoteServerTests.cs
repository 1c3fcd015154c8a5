using System.Net;
using System.Net.Sockets;
using System.Text;
using DeterministicInference.Receipts.Servers;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Servers;

/// <summary>What a server answers is taken as it is, or the reason and the remedy are said.</summary>
public sealed class RemoteServerTests : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public RemoteServerTests() => _listener.Start();

    public void Dispose() => _listener.Dispose();

    [Theory]
    [InlineData("200 OK", "text", "text", null)]
    [InlineData("404 Not Found", "", null, null)]
    [InlineData("410 Gone", "", null, null)]
    [InlineData(
        "401 Unauthorized",
        """{"error":{"message":"No.\nReally."}}""",
        null,
        "it answers 401: No.\\u000aReally; "
    )]
    [InlineData("429 Too Many Requests", "[1]", null, "it answers 429; it is busy")]
    [InlineData("302 Found", "", null, "it answers 302")]
    public async Task An_answer_is_its_content_or_the_reason(string status, string body, string? content, string? why)
    {
        Task served = ServeAsync($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        using RemoteServer server = Server();
        if (why is null)
        {
            byte[]? found = await server.GetAsync("x", Cancellation);
            Assert.Equal(content, found is null ? null : Encoding.UTF8.GetString(found));
        }
        else
        {
            NoAnswerException refusal = await Assert.ThrowsAsync<NoAnswerException>(() =>
                server.GetAsync("x", Cancellation)
            );
            Assert.StartsWith(why, refusal.Message, StringComparison.Ordinal);
        }
        await served;
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort")]
    [InlineData("nonsense\r\n\r\n")]
    public async Task A_connection_that_breaks_off_is_no_answer(string response)
    {
        Task served = ServeAsync(response);
        using RemoteServer server = Server();
        NoAnswerException refusal = await Assert.ThrowsAsync<NoAnswerException>(() =>
            server.GetAsync("x", Cancellation)
        );
        Assert.Equal("the connection broke off", refusal.Message);
        await served;
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RemoteServer Server() =>
        new($"http://{_listener.LocalEndpoint}", apiKey: null, TimeSpan.FromMinutes(1), ReceiptServer.CreateHandler());

    private async Task ServeAsync(string response)
    {
        using TcpClient client = await _listener.AcceptTcpClientAsync(Cancellation);
        NetworkStream stream = client.GetStream();
        var request = new byte[4096];
        _ = await stream.ReadAsync(request, Cancellation);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(response), Cancellation);
    }
}
