using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>
/// Silent streams: when the client gets its status, what keeps the connection alive, and which limits end it.
/// </summary>
public sealed class SilenceTests
{
    private const string Refusal =
        """{"error":{"message":"too """
        + """long","type":"invalid_request_error","param":"prompt","code":"context_length_exceeded"}}""";

    private static readonly TimeSpan Never = TimeSpan.FromHours(1),
        Soon = TimeSpan.FromMilliseconds(50);

    private static ServeOptions Options(TimeSpan headerDelay, TimeSpan keepAlive) =>
        RunningGateway.Options with
        {
            StreamHeaderDelay = headerDelay,
            KeepAliveInterval = keepAlive,
        };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_within_the_header_delay_is_JSON_with_its_status(bool isEvent)
    {
        var arrived = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            // Early headers carry no information yet.
            if (isEvent)
                await x.BeginAsync();
            arrived.SetResult();
            await gate.Task.Within();
            if (isEvent)
                await x.ChunkAsync(
                    $"data: {Refusal.Replace("\"code\":\"context_length_exceeded\"", "\"code\":400", StringComparison.Ordinal)}\n\n"
                );
            else
                await x.AnswerAsync("application/json", Refusal, "400 Bad Request");
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, Options(Never, Soon));
        Task<Reply> request = gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x","stream":true}""");
        await arrived.Task.Within();
        gate.SetResult();
        Assert.Equal("too long", (string?)OpenAIErrors.Read(await request, HttpStatusCode.BadRequest)["message"]);
    }

    [Fact]
    public async Task A_refusal_after_the_header_delay_is_an_error_event_and_a_reset()
    {
        var gate = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await gate.Task.Within();
            await x.AnswerAsync("application/json", Refusal, "400 Bad Request");
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, Options(Soon, Never));
        using RawConnection connection = await OpenAsync(gateway);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.EndsWith(": ka\n", await connection.ReadUntilAsync(": ka\n"), StringComparison.Ordinal);
        gate.SetResult();
        JsonNode error = ScriptedAnswers.RequireBroken(await connection.ReadToBreakAsync());
        Assert.Equal(
            ("too long", "prompt", "context_length_exceeded"),
            ((string?)error["message"], (string?)error["param"], (string?)error["code"])
        );
        await gateway.DisposeAsync();
        Assert.Contains(gateway.Log.All, line => line.Contains("POST /v1/completions 400 ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(9.9, 400)]
    [InlineData(10, 200)]
    public async Task By_default_the_status_waits_ten_seconds(double silent, int status)
    {
        var time = new ManualTime();
        var gate = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await gate.Task.Within();
            await x.AnswerAsync("application/json", Refusal, "400 Bad Request");
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, RunningGateway.Options, time);
        using RawConnection connection = await OpenAsync(gateway);
        await time.TimerAsync(TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(silent));
        string head = status == 200 ? await connection.ReadHeadAsync() : "";
        gate.SetResult();
        string answer = head + await connection.ReadToBreakAsync();
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        if (status == 200)
            Assert.Equal("too long", (string?)ScriptedAnswers.RequireBroken(answer)["message"]);
        else
            Assert.EndsWith(Refusal, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_stream_gets_comment_lines_between_its_events()
    {
        var gates = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await x.BeginAsync();
            await gates[0].Task.Within();
            // Half of an event: a comment must not come between its halves.
            await x.ChunkAsync(ScriptedAnswers.Chunk + ScriptedAnswers.Last[..20]);
            await gates[1].Task.Within();
            await x.ChunkAsync(ScriptedAnswers.Last[20..]);
            await x.ChunkAsync(ScriptedAnswers.Done);
            await x.EndAsync();
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, Options(Soon, Soon));
        using RawConnection connection = await OpenAsync(gateway);
        string answer = await connection.ReadHeadAsync();
        answer = "";
        foreach (TaskCompletionSource gate in gates)
        {
            for (int i = 0; i < 3; i++)
                answer += await connection.ReadUntilAsync(": ka\n");
            gate.SetResult();
            if (gate == gates[0])
                answer += await connection.ReadUntilAsync("\n\n");
        }
        answer += await connection.ReadToEndAsync();
        string text = string.Concat(answer.Split("\r\n").Where((_, i) => i % 2 == 1));
        Assert.Equal(
            ScriptedAnswers.Chunk + ScriptedAnswers.Last + ScriptedAnswers.Done,
            text.Replace(": ka\n", "", StringComparison.Ordinal)
        );
        string[] parts = text.Split(": ka\n");
        Assert.All(
            parts[..^1],
            part => Assert.True(part == "" || part.EndsWith("\n\n", StringComparison.Ordinal), text)
        );
    }

    [Fact]
    public async Task A_stream_that_has_begun_is_kept_alive_however_long_its_status_could_have_waited()
    {
        var gate = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await x.BeginAsync();
            await x.ChunkAsync(ScriptedAnswers.Chunk);
            await gate.Task.Within();
            await x.ChunkAsync(ScriptedAnswers.Last + ScriptedAnswers.Done);
            await x.EndAsync();
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, Options(Never, Soon));
        using RawConnection connection = await OpenAsync(gateway);
        await connection.ReadUntilAsync(": ka\n");
        gate.SetResult();
        Assert.EndsWith(
            ScriptedAnswers.Done + "\r\n0\r\n\r\n",
            await connection.ReadToEndAsync(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Without_a_keep_alive_interval_there_are_no_comments()
    {
        var gate = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await gate.Task.Within();
            await ScriptedAnswers.SendAsync(x);
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            Options(TimeSpan.Zero, Timeout.InfiniteTimeSpan)
        );
        using EventStream stream = await gateway.Api.OpenAsync(
            ApiClient.Completions,
            """{"prompt":"x","stream":true}"""
        );
        gate.SetResult();
        Assert.Equal(2, (await stream.ReadToEndAsync()).Count);
    }

    [Fact]
    public async Task A_limit_that_is_reached_after_the_status_went_out_is_an_error_event()
    {
        var time = new ManualTime();
        TimeSpan delay = TimeSpan.FromSeconds(10),
            limit = TimeSpan.FromSeconds(60);
        await using RawEngine engine = RawEngine.Start(x => x.ClosedAsync());
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            Options(delay, Never) with
            {
                FirstByteTimeout = limit,
            },
            time
        );
        using RawConnection connection = await OpenAsync(gateway);
        await time.TimerAsync(delay);
        time.Advance(delay);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        await time.TimerAsync(limit - delay);
        time.Advance(limit - delay);
        Assert.Contains(
            "within 60 s (--first-byte-timeout)",
            (string?)ScriptedAnswers.RequireBroken(await connection.ReadToBreakAsync())["message"],
            StringComparison.Ordinal
        );
        await gateway.DisposeAsync();
        Assert.Equal(0, gateway.Activity.InFlight);
    }

    [Fact]
    public async Task The_engines_own_comments_are_signs_of_life()
    {
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await x.BeginAsync();
            // Together longer than the limit.
            for (int i = 0; i < 8; i++)
            {
                await x.ChunkAsync(": busy\n\n");
                await Task.Delay(TimeSpan.FromMilliseconds(250), TestContext.Current.CancellationToken);
            }
            await x.ChunkAsync(ScriptedAnswers.Chunk + ScriptedAnswers.Last + ScriptedAnswers.Done);
            await x.EndAsync();
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            engine.Url,
            RunningGateway.Options with
            {
                IdleTimeout = TimeSpan.FromSeconds(1.5),
                StreamHeaderDelay = TimeSpan.FromSeconds(0.5),
                KeepAliveInterval = TimeSpan.FromSeconds(0.5),
            }
        );
        string body = (await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x","stream":true}""")).Body;
        Assert.EndsWith(
            ScriptedAnswers.Chunk + ScriptedAnswers.Last + ScriptedAnswers.Done,
            body,
            StringComparison.Ordinal
        );
        // The client gets the gateway's comments meanwhile, and none of the engine's.
        Assert.StartsWith(": ka\n: ka\n", body, StringComparison.Ordinal);
        Assert.DoesNotContain("busy", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_engine_answers_frees_it()
    {
        var gone = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            arrived.SetResult();
            await x.ClosedAsync();
            gone.SetResult();
        });
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url, Options(Soon, Soon));
        using (RawConnection connection = await OpenAsync(gateway))
        {
            await arrived.Task.Within();
            await connection.ReadUntilAsync(": ka\n");
        }
        await gone.Task.Within();
        await gateway.DisposeAsync();
        Assert.Contains(gateway.Log.All, line => line.Contains("POST /v1/completions 499 ", StringComparison.Ordinal));
        Assert.Equal(0, gateway.Activity.InFlight);
    }

    private static async Task<RawConnection> OpenAsync(RunningGateway gateway)
    {
        RawConnection connection = await RawConnection.OpenAsync(gateway.Url);
        await connection.SendAsync(
            RawConnection
                .Post(ApiClient.Completions, """{"prompt":"x","stream":true}""")
                .Replace("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n", StringComparison.Ordinal)
        );
        return connection;
    }
}
