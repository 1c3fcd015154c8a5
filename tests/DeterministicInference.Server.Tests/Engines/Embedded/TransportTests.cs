using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>HTTP itself: versions, methods, connections, body framing, limits.</summary>
public sealed class TransportTests(SharedEngines engines)
{
    private const string Short = """{"prompt":"a","max_tokens":2}""";

    [Fact]
    public async Task An_HTTP_1_0_client_gets_a_stream_that_ends_with_the_connection()
    {
        using RawConnection connection = await RawConnection.OpenAsync((await engines.ScriptedAsync()).Url);
        await connection.SendAsync(
            RawConnection.Post(ApiClient.Completions, """{"prompt":"a","max_tokens":2,"stream":true}""", "HTTP/1.0")
        );
        string[] parts = (await connection.ReadToEndAsync()).Split("\r\n\r\n", 2);
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", parts[0], StringComparison.Ordinal);
        Assert.DoesNotContain("Transfer-Encoding", parts[0], StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("data: {", parts[1], StringComparison.Ordinal);
        Assert.EndsWith("\n\ndata: [DONE]\n\n", parts[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/scripted")]
    public async Task HEAD_answers_like_GET_without_the_body(string path)
    {
        ApiClient api = await engines.ScriptedAsync();
        Reply get = await api.GetAsync(path),
            head = await api.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal(HttpStatusCode.OK, head.Status);
        Assert.Equal("", head.Body);
        Assert.NotNull(head.ContentHeaders.ContentLength);
        if (path != "/health")
            Assert.Equal(get.ContentHeaders.ContentLength, head.ContentHeaders.ContentLength);
    }

    [Fact]
    public async Task A_connection_stays_usable_after_errors()
    {
        using RawConnection connection = await RawConnection.OpenAsync((await engines.ScriptedAsync()).Url);
        foreach (
            (string request, string status) in (IEnumerable<(string, string)>)
                [
                    (RawConnection.Post(ApiClient.Completions, """{"prompt":"a","n":0}"""), "400 Bad Request"),
                    (RawConnection.Post(ApiClient.Completions, "{"), "400 Bad Request"),
                    (RawConnection.Post("/v1/nothing", Short), "404 Not Found"),
                    (RawConnection.Post("/health", Short), "405 Method Not Allowed"),
                    (RawConnection.Post(ApiClient.Completions, Short), "200 OK"),
                ]
        )
        {
            await connection.SendAsync(request);
            (string head, _) = await connection.ReadAnswerAsync();
            Assert.StartsWith($"HTTP/1.1 {status}\r\n", head, StringComparison.Ordinal);
            Assert.DoesNotContain("Connection: close", head, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order()
    {
        using RawConnection connection = await RawConnection.OpenAsync((await engines.ScriptedAsync()).Url);
        await connection.SendAsync(
            RawConnection.Post(ApiClient.Completions, Short)
                + RawConnection.Post(ApiClient.Completions, """{"prompt":"f","max_tokens":2}""")
        );
        Assert.Contains("\"text\":\"bc\"", (await connection.ReadAnswerAsync()).Body, StringComparison.Ordinal);
        Assert.Contains("\"text\":\"gh\"", (await connection.ReadAnswerAsync()).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("XYZ\r\n{}\r\n0\r\n\r\n")]
    [InlineData("FFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n")]
    public async Task Bad_chunk_sizes_are_refused(string body)
    {
        using RawConnection connection = await RawConnection.OpenAsync((await engines.ScriptedAsync()).Url);
        await connection.SendAsync(
            $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{body}"
        );
        (string head, string answer) = await connection.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", head, StringComparison.Ordinal);
        Assert.Contains("The request body could not be read", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_in_pieces_is_read_whole()
    {
        using RawConnection connection = await RawConnection.OpenAsync((await engines.ScriptedAsync()).Url);
        await connection.SendAsync(
            $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        foreach (char c in Short)
            await connection.SendAsync($"1\r\n{c}\r\n");
        await connection.SendAsync("0\r\n\r\n");
        Assert.Contains("\"text\":\"bc\"", (await connection.ReadAnswerAsync()).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_above_the_limit_is_refused_unread()
    {
        await using EngineProcess engine = await EngineProcess.StartAsync(
            TestModels.Scripted,
            "--max-request-bytes",
            "100"
        );
        Assert.Equal(HttpStatusCode.OK, (await engine.Api.PostAsync(ApiClient.Completions, Short)).Status);
        using RawConnection connection = await RawConnection.OpenAsync(engine.Url);
        // Two gigabytes are announced and none of them sent.
        await connection.SendAsync(
            $"POST {ApiClient.Completions} HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                + $"application/json\r\nContent-Length: 2000000000\r\n\r\n"
        );
        (string head, string body) = await connection.ReadAnswerAsync();
        Assert.StartsWith("HTTP/1.1 413 ", head, StringComparison.Ordinal);
        JsonNode error = JsonNode.Parse(body)!["error"]!;
        Assert.Equal(
            "The request body is too large. Send less, or start the server with a higher --max-request-bytes.",
            (string?)error["message"]
        );
        Assert.Equal(["message", "type", "param", "code"], error.AsObject().Select(member => member.Key));
    }

    [Fact]
    public async Task More_than_the_cache_holds_is_refused_with_the_setting()
    {
        // 1 MiB holds a few thousand tokens of this model.
        await using EngineProcess engine = await EngineProcess.StartAsync(
            TestModels.Scripted,
            "--kv-cache-mib",
            "1",
            "--max-sequences",
            "4"
        );
        JsonNode error = OpenAIErrors.Read(
            await engine.Api.PostAsync(ApiClient.Completions, """{"prompt":"a","max_tokens":16000,"n":4}"""),
            HttpStatusCode.BadRequest
        );
        Assert.Equal("kv_cache_exceeded", (string?)error["code"]);
        Assert.Contains("--kv-cache-mib", (string?)error["message"], StringComparison.Ordinal);
        error = OpenAIErrors.Read(
            await engine.Api.PostAsync(ApiClient.Completions, """{"prompt":"a","n":5}"""),
            HttpStatusCode.BadRequest
        );
        Assert.Equal(("n", "integer_above_max_value"), ((string?)error["param"], (string?)error["code"]));
    }

    [Fact]
    public async Task A_large_prompt_is_answered_and_a_larger_one_refused()
    {
        ApiClient api = await engines.ScriptedAsync();
        JsonObject answer = await api.JsonAsync(
            ApiClient.Completions,
            $$"""{"prompt":"{{new string('x', 16000)}}a","max_tokens":3}"""
        );
        Assert.Equal(16001, (int)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal("bcd", ChoiceText.Of(answer)[0].Text);
        JsonNode error = OpenAIErrors.Read(
            await api.PostAsync(ApiClient.Completions, $$"""{"prompt":"{{new string('x', 5_000_000)}}"}"""),
            HttpStatusCode.BadRequest
        );
        Assert.Equal("context_length_exceeded", (string?)error["code"]);
    }
}
