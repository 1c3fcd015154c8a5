using System.Text;
using DeterministicInference.Server.Tests.Serve;
using Xunit;

namespace DeterministicInference.Server.Tests.Hosting;

/// <summary>A client that sends too much, all of it, sees why it is refused.</summary>
public sealed class TooLargeBodyTests
{
    private const int Clients = 25,
        Size = 36 << 20;

    private static readonly byte[] Piece = Encoding.ASCII.GetBytes(new string(' ', 1 << 20)),
        Chunk = [.. "100000\r\n"u8, .. Piece, .. "\r\n"u8];

    [Theory]
    [InlineData("HTTP/1.1", false)]
    [InlineData("HTTP/1.1", true)]
    [InlineData("HTTP/1.0", false)]
    public async Task Each_of_many_clients_that_send_first_and_read_then_gets_413(string version, bool isChunked)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        string[] answers = await Task.WhenAll(
            Enumerable.Range(0, Clients).Select(_ => Task.Run(() => SendAsync(gateway.Url, version, isChunked)))
        );
        Assert.All(
            answers,
            answer =>
            {
                Assert.StartsWith("HTTP/1.1 413 ", answer, StringComparison.Ordinal);
                Assert.Contains("--max-request-bytes", answer, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task Who_sends_without_end_is_cut_off()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(Head("HTTP/1.1", isChunked: true));
        long sent = 0;
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            for (; ; sent += Piece.Length)
                await connection.SendAsync(Chunk);
        });
        Assert.InRange(sent, 64 << 20, 200 << 20);
    }

    /// <summary>Other refusals come before the body is read too.</summary>
    [Fact]
    public async Task A_refused_request_leaves_a_connection_that_can_be_used_again()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            "http://127.0.0.1:9",
            RunningGateway.Options with
            {
                ApiKey = ["k"],
            }
        );
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        for (int i = 0; i < 3; i++)
        {
            await connection.SendAsync(
                RawConnection.Post(ApiClient.Completions, new string(' ', 5 << 20) + """{"prompt":"x"}""")
            );
            Assert.StartsWith("HTTP/1.1 401 ", (await connection.ReadAnswerAsync()).Head, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Node_sees_413()
    {
        Assert.SkipWhen(OwnerProcess.Find("node") is null, "skipped: needs Node");
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        const string script = """
            const body = Buffer.alloc(36 << 20, 32);
            const one = () => new Promise(resolve => {
              const request = require("http").request(process.argv[1] + "/v1/completions",
                { method: "POST", headers: { "Content-Type": "application/json", "Content-Length": body.length } },
                answer => { answer.resume(); answer.on("end", () => resolve(answer.statusCode)); });
              request.on("error", error => resolve(error.code));
              request.end(body);
            });
            const fetched = () => fetch(process.argv[1] + "/v1/completions",
              { method: "POST", headers: { "Content-Type": "application/json" }, body })
              .then(answer => answer.status, error => String(error.cause));
            Promise.all(Array.from({ length: 25 }, (_, i) => i % 2 ? one() : fetched()))
              .then(all => console.log([...new Set(all)].join()));
            """;
        CommandResult result = await InstalledProgram.RunAsync(OwnerProcess.Find("node")!, ["-e", script, gateway.Url]);
        Assert.Equal("413", result.Output.Trim());
    }

    private static async Task<string> SendAsync(string url, string version, bool isChunked)
    {
        using RawConnection connection = await RawConnection.OpenAsync(url);
        await connection.SendAsync(Head(version, isChunked));
        for (int sent = 0; sent < Size; sent += Piece.Length)
            await connection.SendAsync(isChunked ? Chunk : Piece);
        if (isChunked)
            await connection.SendAsync("0\r\n\r\n");
        (string head, string body) = await connection.ReadAnswerAsync();
        Assert.Equal("", await connection.ReadToEndAsync());
        return head + body;
    }

    private static string Head(string version, bool isChunked) =>
        $"POST {ApiClient.Completions} {version}\r\nHost: x\r\nContent-Type: application/json\r\n"
        + (isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : $"Content-Length: {Size}\r\n\r\n");
}
