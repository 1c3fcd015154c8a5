using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.HostileInput;

/// <summary>Connections that are slow, cut, or many.</summary>
public sealed class HostileConnectionTests(HostileGateway gateway) : IClassFixture<HostileGateway>, IAsyncLifetime
{
    private const string Json = """{"prompt":"x"}""";

    /// <summary>Earlier requests to the engine don't count.</summary>
    public async ValueTask InitializeAsync()
    {
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await gateway.CountAsync(connection);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_request_byte_by_byte_is_served()
    {
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        foreach (char c in RawConnection.Post(ApiClient.Completions, Json))
            await connection.SendAsync(c.ToString());
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", (await connection.ReadAnswerAsync()).Head, StringComparison.Ordinal);
        Assert.Equal(1, await gateway.CountAsync(connection));
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order_good_and_bad()
    {
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(
            RawConnection.Post(ApiClient.Completions, """{"prompt":5}""")
                + RawConnection.Post(ApiClient.Completions, Json)
                + RawConnection.Post("/x", "{")
        );
        foreach (string status in (string[])["400", "200", "404"])
        {
            Assert.StartsWith(
                $"HTTP/1.1 {status} ",
                (await connection.ReadAnswerAsync()).Head,
                StringComparison.Ordinal
            );
        }
        Assert.Equal(1, await gateway.CountAsync(connection));
    }

    [Fact]
    public async Task Expect_100_continue_is_answered_before_the_body_is_sent()
    {
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(
            $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
                + $"{Json.Length}\r\n\r\n"
        );
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await connection.ReadHeadAsync());
        await connection.SendAsync(Json);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", (await connection.ReadAnswerAsync()).Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expect_100_continue_with_too_large_a_body_is_refused_at_once()
    {
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(
            $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
                + $"2000000000\r\n\r\n"
        );
        Assert.StartsWith("HTTP/1.1 413 ", (await connection.ReadAnswerAsync()).Head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 100\r\n\r\n{\"prompt\":\"x\"}")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nE\r\n{\"prompt\":\"x\"}\r\n")]
    [InlineData("Content-Le")]
    public async Task A_request_that_ends_early_does_not_reach_the_engine(string rest)
    {
        using (RawConnection connection = await RawConnection.OpenAsync(gateway.Url))
        {
            await connection.SendAsync($"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\n{rest}");
            connection.EndSending();
            Assert.DoesNotContain("200 OK", await connection.ReadToBreakAsync(), StringComparison.Ordinal);
        }
        using RawConnection other = await RawConnection.OpenAsync(gateway.Url);
        Assert.Equal(0, await gateway.CountAsync(other));
        Assert.DoesNotContain(gateway.Log.All, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_that_stalls_is_cut_with_408()
    {
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(
            $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{"
        );
        (string head, string body) = await connection.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 408 ", head, StringComparison.Ordinal);
        Assert.Contains("too slowly", (string?)JsonNode.Parse(body)!["error"]!["message"], StringComparison.Ordinal);
        Assert.Equal("", await connection.ReadToBreakAsync());
    }

    [Fact]
    public async Task Half_open_connections_do_no_harm_and_are_closed()
    {
        var connections = new List<RawConnection>();
        try
        {
            for (int i = 0; i < 300; i++)
            {
                connections.Add(await RawConnection.OpenAsync(gateway.Url));
                await connections[i].SendAsync($"POST {ApiClient.Completions} HTTP/1.1\r\nHost: x\r\nX-{i}: ");
            }
            using (var api = new ApiClient(gateway.Url))
            {
                Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/livez")).Status);
                await api.JsonAsync(ApiClient.Completions, Json);
            }
            // All heads are due at the same time.
            foreach (RawConnection connection in connections)
                Assert.StartsWith("HTTP/1.1 408 ", await connection.ReadToBreakAsync(), StringComparison.Ordinal);
        }
        finally
        {
            foreach (RawConnection connection in connections)
                connection.Dispose();
        }
    }
}
