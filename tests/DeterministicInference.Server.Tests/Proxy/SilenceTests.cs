using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.EndToEnd;
using Xunit;

namespace DeterministicInference.Server.Tests.Proxy;

/// <summary>Streams in which nothing comes for a while: when the client gets its status, what keeps it alive, and which limits end it.</summary>
public sealed class SilenceTests
{
    private const string Refusal = """{"error":{"message":"too long","type":"invalid_request_error","param":"prompt","code":"context_length_exceeded"}}""";

    private static readonly TimeSpan Never = TimeSpan.FromHours(1), Soon = TimeSpan.FromMilliseconds(50);

    private static InferenceOptions Options(TimeSpan headerDelay, TimeSpan keepAlive) => Door.Options with { StreamHeaderDelay = headerDelay, KeepAliveInterval = keepAlive };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_refusal_within_the_header_delay_is_JSON_with_its_status(bool isEvent)
    {
        var arrived = new TaskCompletionSource();
        var gate = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            // Headers that come early say nothing yet.
            if (isEvent) await x.BeginAsync();
            arrived.SetResult();
            await gate.Task;
            if (isEvent) await x.ChunkAsync($"data: {Refusal.Replace("\"code\":\"context_length_exceeded\"", "\"code\":400", StringComparison.Ordinal)}\n\n");
            else await x.AnswerAsync("application/json", Refusal, "400 Bad Request");
        });
        await using Door door = await Door.StartAsync(engine.Url, Options(Never, Soon));
        Task<Reply> request = door.Api.PostAsync(ApiClient.Completions, """{"prompt":"x","stream":true}""");
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
            await gate.Task;
            await x.AnswerAsync("application/json", Refusal, "400 Bad Request");
        });
        await using Door door = await Door.StartAsync(engine.Url, Options(Soon, Never));
        using RawConnection connection = await OpenAsync(door);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await connection.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.EndsWith(": ka\n", await connection.ReadUntilAsync(": ka\n"), StringComparison.Ordinal);
        gate.SetResult();
        JsonNode error = Answers.RequireBroken(await connection.ReadToBreakAsync());
        Assert.Equal(("too long", "prompt", "context_length_exceeded"), ((string?)error["message"], (string?)error["param"], (string?)error["code"]));
        await door.DisposeAsync();
        Assert.Contains(door.Log.All, line => line.Contains("POST /v1/completions 400 ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, 400)]
    [InlineData(12, 200)]
    public async Task By_default_the_status_waits_ten_seconds(int refusedAfter, int status)
    {
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await Task.Delay(TimeSpan.FromSeconds(refusedAfter), TestContext.Current.CancellationToken);
            await x.AnswerAsync("application/json", Refusal, "400 Bad Request");
        });
        await using Door door = await Door.StartAsync(engine.Url);
        (string head, string body) = await Answers.StreamAsync(door, "x");
        Assert.StartsWith($"HTTP/1.1 {status} ", head, StringComparison.Ordinal);
        if (status == 200) Assert.Equal("too long", (string?)Answers.RequireBroken(body)["message"]);
        else Assert.Equal(Refusal, body);
    }

    [Fact]
    public async Task A_silent_stream_gets_comment_lines_between_its_events()
    {
        var gates = new[] { new TaskCompletionSource(), new TaskCompletionSource() };
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await x.BeginAsync();
            await gates[0].Task;
            // Half of an event: the comment must not come between its halves.
            await x.ChunkAsync(Answers.Chunk + Answers.Last[..20]);
            await gates[1].Task;
            await x.ChunkAsync(Answers.Last[20..]);
            await x.ChunkAsync(Answers.Done);
            await x.EndAsync();
        });
        await using Door door = await Door.StartAsync(engine.Url, Options(Soon, Soon));
        using RawConnection connection = await OpenAsync(door);
        string answer = await connection.ReadHeadAsync();
        answer = "";
        foreach (TaskCompletionSource gate in gates)
        {
            for (int i = 0; i < 3; i++) answer += await connection.ReadUntilAsync(": ka\n");
            gate.SetResult();
            if (gate == gates[0]) answer += await connection.ReadUntilAsync("\n\n");
        }
        answer += await connection.ReadToEndAsync();
        string text = string.Concat(answer.Split("\r\n").Where((_, i) => i % 2 == 1));
        Assert.Equal(Answers.Chunk + Answers.Last + Answers.Done, text.Replace(": ka\n", "", StringComparison.Ordinal));
        string[] parts = text.Split(": ka\n");
        Assert.All(parts[..^1], part => Assert.True(part == "" || part.EndsWith("\n\n", StringComparison.Ordinal), text));
    }

    [Fact]
    public async Task A_stream_that_has_begun_is_kept_alive_however_long_its_status_could_have_waited()
    {
        var gate = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await x.BeginAsync();
            await x.ChunkAsync(Answers.Chunk);
            await gate.Task;
            await x.ChunkAsync(Answers.Last + Answers.Done);
            await x.EndAsync();
        });
        await using Door door = await Door.StartAsync(engine.Url, Options(Never, Soon));
        using RawConnection connection = await OpenAsync(door);
        await connection.ReadUntilAsync(": ka\n");
        gate.SetResult();
        Assert.EndsWith(Answers.Done + "\r\n0\r\n\r\n", await connection.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_keep_alive_interval_there_are_no_comments()
    {
        var gate = new TaskCompletionSource();
        await using RawEngine engine = RawEngine.Start(async x =>
        {
            await gate.Task;
            await Answers.SendAsync(x);
        });
        await using Door door = await Door.StartAsync(engine.Url, Options(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
        using EventStream stream = await door.Api.OpenAsync(ApiClient.Completions, """{"prompt":"x","stream":true}""");
        gate.SetResult();
        Assert.Equal(2, (await stream.ReadToEndAsync()).Count);
    }

    [Fact]
    public async Task A_limit_that_is_reached_after_the_status_went_out_is_an_error_event()
    {
        await using RawEngine engine = RawEngine.Start(x => x.ClosedAsync());
        await using Door door = await Door.StartAsync(engine.Url, Options(Soon, Soon) with { FirstByteTimeout = TimeSpan.FromMilliseconds(400) });
        (_, string body) = await Answers.StreamAsync(door, "x");
        Assert.Contains("--first-byte-timeout", (string?)Answers.RequireBroken(body)["message"], StringComparison.Ordinal);
        await door.DisposeAsync();
        Assert.Equal(0, door.Activity.InFlight);
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
            await x.ChunkAsync(Answers.Chunk + Answers.Last + Answers.Done);
            await x.EndAsync();
        });
        await using Door door = await Door.StartAsync(engine.Url, Door.Options with { IdleTimeout = TimeSpan.FromSeconds(1.5) });
        Assert.EndsWith(Answers.Chunk + Answers.Last + Answers.Done, (await door.Api.PostAsync(ApiClient.Completions, """{"prompt":"x","stream":true}""")).Body, StringComparison.Ordinal);
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
        await using Door door = await Door.StartAsync(engine.Url, Options(Soon, Soon));
        using (RawConnection connection = await OpenAsync(door))
        {
            await arrived.Task.Within();
            await connection.ReadUntilAsync(": ka\n");
        }
        await gone.Task.Within();
        await door.DisposeAsync();
        Assert.Contains(door.Log.All, line => line.Contains("POST /v1/completions 499 ", StringComparison.Ordinal));
        Assert.Equal(0, door.Activity.InFlight);
    }

    private static async Task<RawConnection> OpenAsync(Door door)
    {
        RawConnection connection = await RawConnection.OpenAsync(door.Url);
        await connection.SendAsync(RawConnection.Post(ApiClient.Completions, """{"prompt":"x","stream":true}""").Replace("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n", StringComparison.Ordinal));
        return connection;
    }
}
