using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>Complete streams: the data of the engine's events is relayed unchanged, and nothing else.</summary>
public sealed class StreamRelayTests(SharedFakeBackend shared) : IAsyncLifetime
{
    private const string Chunk = """{"choices":[{"index":0,"text":"é😀","finish_reason":null}]}""";
    private const string Last = """{"choices":[{"index":0,"text":"","finish_reason":"stop"}]}""";

    private FakeBackendProcess _fake = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _fake = await shared.StartedAsync();
        _gateway = await RunningGateway.StartAsync(_fake.Url);
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a stream\"")]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a stream\",\"n\":3,\"fake\":{\"piece_size\":1}")]
    [InlineData(
        ApiClient.Chat,
        "\"messages\":[{\"role\":\"user\",\"content\":\"a stream\"}],\"stream_options\":{\"include_usage\":true}"
    )]
    public async Task Chunks_are_the_engines_and_have_no_environment(string path, string prompt)
    {
        string body = $$"""{{{prompt}},"seed":3,"stream":true}""";
        string direct = await ReadAsync(_fake.Api, path, body),
            through = await ReadAsync(_gateway.Api, path, body);
        Assert.Equal(WithoutIds(direct), WithoutIds(through));
        Assert.DoesNotContain("environment", through, StringComparison.Ordinal);

        using EventStream stream = await _gateway.Api.OpenAsync(path, body);
        Assert.Equal("no-cache", stream.Response.Headers.CacheControl!.ToString());
        Assert.Equal("no", Assert.Single(stream.Response.Headers.GetValues("X-Accel-Buffering")));
        Assert.Single(stream.Response.Headers.GetValues("x-request-id"));
        Assert.Null(stream.Response.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData(
        $"data: {Chunk}\n\ndata: {Last}\n\ndata: [DONE]\n\n",
        $"data: {Chunk}\n\ndata: {Last}\n\ndata: [DONE]\n\n"
    )]
    // Line ends of all kinds, comments, fields other than data, no space after the colon: only data is relayed.
    [InlineData(
        $": hello\r\n\r\ndata:{Chunk}\r\n\r\nid: 1\rdata: {Last}\r\rdata:[DONE]\n\n",
        $"data: {Chunk}\n\ndata: {Last}\n\ndata: [DONE]\n\n"
    )]
    // A chunk on several lines.
    [InlineData(
        "data: {\"choices\":[{\"index\":0,\ndata: \"text\":\"a\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
        "data: {\"choices\":[{\"index\":0, \"text\":\"a\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
    )]
    // A byte order mark, blank lines and events without data are dropped, as clients fail on them.
    [InlineData(
        $"\uFEFFdata: {Chunk}\n\n\n\nevent: ping\n\ndata: {Last}\n\ndata: [DONE]\n\n",
        $"data: {Chunk}\n\ndata: {Last}\n\ndata: [DONE]\n\n"
    )]
    // [DONE] is added if the engine omits it after a complete answer.
    [InlineData($"data: {Chunk}\n\ndata: {Last}\n\n", $"data: {Chunk}\n\ndata: {Last}\n\ndata: [DONE]\n\n")]
    [InlineData($"data: {Chunk}\n\ndata: {Last}", $"data: {Chunk}\n\ndata: {Last}\n\ndata: [DONE]\n\n")]
    [InlineData($"data: {Last}\n\ndata: [DONE]", $"data: {Last}\n\ndata: [DONE]\n\n")]
    // Nothing follows the end.
    [InlineData($"data: {Last}\n\ndata: [DONE]\n\ndata: {Chunk}\n\n", $"data: {Last}\n\ndata: [DONE]\n\n")]
    // A chunk of a finished choice, as SGLang sends for hidden states.
    [InlineData(
        $"data: {Last}\n\ndata: {Chunk}\n\ndata: [DONE]\n\n",
        $"data: {Last}\n\ndata: {Chunk}\n\ndata: [DONE]\n\n"
    )]
    public async Task Events_are_relayed_whatever_pieces_they_come_in(string sent, string expected)
    {
        foreach (int pieceSize in (int[])[0, 1, 7, 64])
        {
            Assert.Equal(
                expected,
                await ReadAsync(
                    _gateway.Api,
                    ApiClient.Completions,
                    $$$"""{"prompt":"x","stream":true,"fake":{"piece_size":{{{pieceSize}}},"events":"""
                        + $$$"""{{{JsonSerializer.Serialize(sent)}}}}}"""
                )
            );
        }
    }

    [Fact]
    public async Task A_large_event_arrives_whole()
    {
        string large = $$"""{"choices":[{"index":0,"text":"{{new string('x', 5_000_000)}}","finish_reason":"stop"}]}""";
        string body =
            $$$"""{"prompt":"x","stream":true,"fake":{"events":"""
            + $$$"""{{{JsonSerializer.Serialize($"data: {large}\n\ndata: [DONE]\n\n")}}}}}""";
        Assert.Equal($"data: {large}\n\ndata: [DONE]\n\n", await ReadAsync(_gateway.Api, ApiClient.Completions, body));
    }

    [Fact]
    public async Task A_refusal_of_a_streaming_request_stays_JSON()
    {
        Reply reply = await _gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":null,"stream":true}""");
        Assert.Equal(
            "Invalid 'prompt': Field required.",
            (string?)OpenAIErrors.Read(reply, System.Net.HttpStatusCode.BadRequest)["message"]
        );
    }

    private static async Task<string> ReadAsync(ApiClient api, string path, string body)
    {
        Reply reply = await api.PostAsync(path, body);
        Assert.True(reply.Status == System.Net.HttpStatusCode.OK, reply.Body);
        return reply.Body;
    }

    /// <summary>Each chunk without the answer's identifiers.</summary>
    private static string WithoutIds(string stream) =>
        string.Join(
            '\n',
            stream
                .Split("\n\n")
                .Select(part =>
                {
                    if (part is "" or "data: [DONE]")
                        return part;
                    JsonObject chunk = JsonNode.Parse(part["data: ".Length..])!.AsObject();
                    chunk.Remove("id");
                    chunk.Remove("created");
                    return chunk.ToJsonString();
                })
        );
}
