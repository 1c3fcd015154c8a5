using Xunit;

namespace DeterministicInference.Server.Tests.Hosting;

/// <summary>Clients that end their side of the connection behind the request.</summary>
public sealed class HalfCloseTests
{
    private const string Answered = "HTTP/1.1 200 OK\r\n";

    [Theory]
    [InlineData("/livez", "HTTP/1.1")]
    [InlineData("/health", "HTTP/1.1")]
    [InlineData("/v1/models", "HTTP/1.1")]
    [InlineData("/health", "HTTP/1.0")]
    public async Task What_costs_little_is_always_answered(string path, string version)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync("http://127.0.0.1:9");
        for (int i = 0; i < 50; i++)
        {
            Assert.StartsWith(
                Answered,
                await AskAsync(gateway, $"GET {path} {version}\r\nHost: x\r\n\r\n"),
                StringComparison.Ordinal
            );
        }
    }

    [Theory]
    [InlineData("HTTP/1.0", "")]
    [InlineData("HTTP/1.1", "Connection: close\r\n")]
    [InlineData("HTTP/1.1", "Connection: Keep-Alive, Close\r\n")]
    public async Task A_generating_request_is_answered_if_nothing_more_was_to_come(string version, string header)
    {
        await using RawEngine engine = RawEngine.Start(ScriptedAnswers.SendAsync);
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        foreach (string stream in (string[])["false", "true"])
        {
            for (int i = 0; i < 25; i++)
            {
                string answer = await AskAsync(gateway, Request(version, header, stream));
                Assert.StartsWith(Answered, answer, StringComparison.Ordinal);
                Assert.Contains("all of it", answer, StringComparison.Ordinal);
            }
        }
    }

    /// <summary>As the end of a connection that may be used again, it is a client that left.</summary>
    [Fact]
    public async Task Any_other_end_cancels_the_generation()
    {
        await using var cancelled = new CancelledEngine();
        RunningGateway gateway = await RunningGateway.StartAsync(cancelled.Engine.Url);
        await using (gateway)
        {
            using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
            await connection.SendAsync(Request("HTTP/1.1", "", "false"));
            await cancelled.Arrived.Within();
            connection.EndSending();
            await cancelled.Closed.Within();
            Assert.Equal("", await connection.ReadToBreakAsync());
        }
        Assert.Contains(gateway.Log.All, line => line.Contains("POST /v1/completions 499 ", StringComparison.Ordinal));
    }

    /// <summary>So does nginx end the request of a client that left, over HTTP/1.0.</summary>
    [Fact]
    public async Task An_end_long_after_the_request_cancels_the_generation()
    {
        var time = new ManualTime();
        await using var cancelled = new CancelledEngine();
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            cancelled.Engine.Url,
            RunningGateway.Options,
            time
        );
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(Request("HTTP/1.0", "", "false"));
        await cancelled.Arrived.Within();
        time.Advance(TimeSpan.FromSeconds(2));
        connection.EndSending();
        await cancelled.Closed.Within();
    }

    /// <summary>After its end the client is gone for good once nothing can be sent to it.</summary>
    [Fact]
    public async Task A_stream_to_a_client_that_left_altogether_ends()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawEngine engine = RawEngine.Start(async exchange =>
        {
            await exchange.BeginAsync();
            try
            {
                while (!exchange.IsClosed)
                    await exchange.ChunkAsync(ScriptedAnswers.Chunk);
            }
            finally
            {
                closed.TrySetResult();
            }
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        using (RawConnection connection = await RawConnection.OpenAsync(gateway.Url))
        {
            await connection.SendAsync(Request("HTTP/1.0", "", "true"));
            connection.EndSending();
            await connection.ReadUntilAsync("all of it");
        }
        await closed.Task.Within();
        await gateway.Api.HealthAsync(health => (int)health["backend"]!["progress"]!["in_flight"]! == 0);
    }

    private static async Task<string> AskAsync(RunningGateway gateway, string request)
    {
        using RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(request);
        connection.EndSending();
        return await connection.ReadToBreakAsync();
    }

    private static string Request(string version, string header, string stream) =>
        RawConnection
            .Post(ApiClient.Completions, $$"""{"prompt":"x","stream":{{stream}}}""", version)
            .Replace("Host: localhost\r\n", $"Host: localhost\r\n{header}", StringComparison.Ordinal);

    /// <summary>An engine that never answers and sees its client leave.</summary>
    private sealed class CancelledEngine : IAsyncDisposable
    {
        private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously),
            _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancelledEngine() =>
            Engine = RawEngine.Start(async exchange =>
            {
                _arrived.SetResult();
                await exchange.ClosedAsync();
                _closed.SetResult();
            });

        public RawEngine Engine { get; }

        public Task Arrived => _arrived.Task;

        public Task Closed => _closed.Task;

        public ValueTask DisposeAsync() => Engine.DisposeAsync();
    }
}
