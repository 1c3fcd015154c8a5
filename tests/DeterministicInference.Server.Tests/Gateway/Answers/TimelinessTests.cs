using System.ClientModel;
using System.Text;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>
/// Nothing is held back: the engine sends each event only after the client has read the previous one. Buffering would
/// deadlock.
/// </summary>
public sealed class TimelinessTests(SharedFakeBackend shared) : IAsyncLifetime
{
    private FakeBackendProcess _fake = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _fake = await shared.StartedAsync();
        _gateway = await RunningGateway.StartAsync(_fake.Url);
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"x\"", "stream-completion")]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]", "stream-chat")]
    public async Task An_event_arrives_before_the_engine_has_the_next_one(string path, string prompt, string gate)
    {
        using EventStream stream = await _gateway.Api.OpenAsync(
            path,
            $$$"""{{{{prompt}}},"stream":true,"fake":{"gate":"{{{gate}}}"}}"""
        );
        Assert.NotNull(await stream.ReadAsync());
        await _fake.OpenAsync(gate);
        Assert.NotEmpty(await stream.ReadToEndAsync());
    }

    [Theory]
    [InlineData("HTTP/1.0")]
    [InlineData("HTTP/1.1")]
    public async Task An_event_arrives_over_a_bare_socket_before_the_engine_has_the_next_one(string version)
    {
        string gate = $"socket-{version[^1]}";
        using RawConnection connection = await RawConnection.OpenAsync(_gateway.Url);
        await connection.SendAsync(
            RawConnection
                .Post(
                    ApiClient.Completions,
                    $$$"""{"prompt":"x","stream":true,"fake":{"gate":"{{{gate}}}"}}""",
                    version
                )
                .Replace("Host: localhost\r\n", "Host: localhost\r\nConnection: close\r\n", StringComparison.Ordinal)
        );
        string head = await connection.ReadHeadAsync();
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", head, StringComparison.Ordinal);
        Assert.Equal(version == "HTTP/1.1", head.Contains("Transfer-Encoding: chunked", StringComparison.Ordinal));
        string first = await connection.ReadUntilAsync("\n\n");
        Assert.Contains("data: {", first, StringComparison.Ordinal);
        await _fake.OpenAsync(gate);
        Assert.Contains("data: [DONE]\n\n", await connection.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.0")]
    [InlineData("HTTP/1.1")]
    public async Task A_JSON_answer_arrives_before_the_engine_has_the_next_one(string version)
    {
        string gate = $"json-{version[^1]}";
        string first = """{"prompt":"first"}""",
            second = $$$"""{"prompt":"second","fake":{"gate":"{{{gate}}}"}}""";
        using RawConnection connection = await RawConnection.OpenAsync(_gateway.Url);
        string Request(string json) =>
            RawConnection
                .Post(ApiClient.Completions, json, version)
                .Replace(
                    "Host: localhost\r\n",
                    "Host: localhost\r\nConnection: keep-alive\r\n",
                    StringComparison.Ordinal
                );
        await connection.SendAsync(Request(first) + Request(second));
        Assert.Contains("\"text\":", (await connection.ReadAnswerAsync()).Body, StringComparison.Ordinal);
        await _fake.OpenAsync(gate);
        Assert.Contains("\"text\":", (await connection.ReadAnswerAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_official_library_gets_an_update_before_the_engine_has_the_next_one()
    {
        const string gate = "library";
        var client = new OpenAIClient(
            new ApiKeyCredential("unused"),
            new OpenAIClientOptions { Endpoint = new Uri(_gateway.Url + "/v1"), NetworkTimeout = Limits.Overall }
        );
        var options = new ChatCompletionOptions();
#pragma warning disable SCME0001 // The library's way to send a member that it does not know.
        options.Patch.Set("$.fake"u8, BinaryData.FromString($$"""{"gate":"{{gate}}"}"""));
#pragma warning restore SCME0001
        var text = new StringBuilder();
        int updates = 0;
        await foreach (
            StreamingChatCompletionUpdate update in client
                .GetChatClient("m")
                .CompleteChatStreamingAsync(
                    [new UserChatMessage("library")],
                    options,
                    TestContext.Current.CancellationToken
                )
        )
        {
            if (updates++ == 0)
                await _fake.OpenAsync(gate);
            foreach (ChatMessageContentPart part in update.ContentUpdate)
                text.Append(part.Text);
        }
        JsonObject answer = await _fake.Api.JsonAsync(
            ApiClient.Chat,
            (string)
                (await _fake.RequestAsync($"\"gate\":\"{gate}\""))["body"]!
                    .AsValue()!
                    .GetValue<string>()
                    .Replace("\"stream\":true", "\"stream\":false", StringComparison.Ordinal)
        );
        Assert.Equal((string?)answer["choices"]![0]!["message"]!["content"], text.ToString());
    }

    [Fact]
    public async Task Many_streams_wait_at_once_while_other_requests_are_answered()
    {
        const string gate = "many";
        string body = $$$"""{"prompt":"x","stream":true,"fake":{"gate":"{{{gate}}}"}}""";
        EventStream[] streams = await Task.WhenAll(
            Enumerable.Range(0, 50).Select(_ => _gateway.Api.OpenAsync(ApiClient.Completions, body))
        );
        foreach (EventStream stream in streams)
            Assert.NotNull(await stream.ReadAsync());
        await _gateway.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x"}""");
        await _fake.OpenAsync(gate);
        foreach (EventStream stream in streams)
        {
            await stream.ReadToEndAsync();
            stream.Dispose();
        }
    }
}
