using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Answers;

/// <summary>The parts of an answer that reach the client.</summary>
public sealed class AnswerRelayTests(SharedFakeBackend shared) : IAsyncLifetime
{
    private const string Environment = """
        ,"environment":"{\"gpu_count\":0,\"gpus\":[],\"driver_version\":\"unknown\",\"cuda_version\":\"unknown\"}"}
        """;

    private FakeBackendProcess _fake = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _fake = await shared.StartedAsync();
        _gateway = await RunningGateway.StartAsync(_fake.Url);
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Theory]
    [InlineData(ApiClient.Completions, """{"prompt":"environment","seed":1}""")]
    [InlineData(ApiClient.Chat, """{"messages":[{"role":"user","content":"environment"}],"seed":1,"n":2}""")]
    public async Task A_JSON_answer_is_the_engines_with_the_environment_as_a_string(string path, string body)
    {
        Reply reply = await _gateway.Api.PostAsync(path, body);
        string answer = Answer(reply);
        JsonObject direct = await _fake.Api.JsonAsync(path, body),
            through = JsonNode.Parse(answer)!.AsObject();
        foreach (string name in (string[])["id", "created"])
            (direct[name], through[name]) = (null, null);
        Assert.Equal(direct.ToJsonString(), through.ToJsonString());

        JsonObject environment = JsonNode.Parse((string)reply.Json["environment"]!)!.AsObject();
        Assert.Equal(["gpu_count", "gpus", "driver_version", "cuda_version"], environment.Select(member => member.Key));
        Assert.Equal("application/json", reply.ContentHeaders.ContentType!.ToString());
        Assert.Equal(System.Text.Encoding.UTF8.GetByteCount(reply.Body), reply.ContentHeaders.ContentLength);
        Assert.DoesNotContain("Server", reply.Headers.Select(header => header.Key));
    }

    [Theory]
    [InlineData("""{"big":12345678901234567890123,"exp":1E400,"zero":-0.0,"text":"\u00e9é\/'<","n":{"a":[ 1 ]}}""")]
    [InlineData("{\r\n\t\"choices\": []\n}")]
    public async Task An_answers_bytes_are_kept(string answer)
    {
        Assert.Equal(
            answer.TrimEnd('}', '\n'),
            Answer(await _gateway.Api.PostAsync(ApiClient.Completions, Verbatim(answer))).TrimEnd('}', '\n')
        );
    }

    [Fact]
    public async Task An_environment_of_the_engine_is_replaced()
    {
        Reply reply = await _gateway.Api.PostAsync(
            ApiClient.Completions,
            Verbatim("""{"a":1, "environment" : {"forged":true} ,"b":2}""")
        );
        Assert.Equal(
            """{"a":1, "environment" : """ + Environment.Trim()["""X"environment":""".Length..^1] + """ ,"b":2}""",
            reply.Body
        );
    }

    [Fact]
    public async Task Of_an_answers_headers_only_listed_ones_reach_the_client()
    {
        Reply reply = await _gateway.Api.PostAsync(
            ApiClient.Completions,
            """
            {"prompt":"x","fake":{"answer":{"body":"{}","headers":{"Set-Cookie":"a=b","X-Powered-By":"x","x-request-id":"theirs","Retry-After":"7","x-ratelimit-remaining-requests":"3","openai-processing-ms":"\u00e9"}}}}
            """
        );
        Assert.Equal(
            ["date", "retry-after", "x-ratelimit-remaining-requests", "x-request-id"],
            reply.Headers.Select(header => header.Key.ToLowerInvariant()).Order()
        );
        Assert.StartsWith("req_", Assert.Single(reply.Headers.GetValues("x-request-id")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_the_engines_Connection_lists_stays_behind_and_identity_is_asked_for()
    {
        await using RawEngine engine = RawEngine.Start(x =>
            x.AnswerAsync(
                "application/json",
                "{}",
                headers: "Connection: x-ratelimit-limit-tokens\r\nKeep-Alive: timeout=5\r\nServer: "
                    + "uvicorn\r\nx-ratelimit-limit-tokens: 1\r\nx-ratelimit-limit-requests: 2\r\n"
            )
        );
        await using RunningGateway gateway = await RunningGateway.StartAsync(engine.Url);
        Reply reply = await gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x"}""");
        Assert.Equal(
            ["date", "x-ratelimit-limit-requests", "x-request-id"],
            reply.Headers.Select(header => header.Key.ToLowerInvariant()).Order()
        );
        Assert.Contains(
            "Accept-Encoding: identity\r\n",
            Assert.Single(engine.Exchanges).Head,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("{} {}")]
    [InlineData("{\"a\":1")]
    [InlineData("<html>it works</html>")]
    [InlineData("{\"choices\":[{\"index\":NaN}]}")]
    [InlineData("{\"environment\":1,\"environment\":2}", "its answer has the member 'environment' twice.")]
    [InlineData("{\"\\ud800\":1}", "its answer is ambiguous: Half of a surrogate pair in a name at '?' (byte 1).")]
    public async Task What_is_not_one_JSON_object_is_a_502(
        string answer,
        string reason = "its answer is not a JSON object."
    )
    {
        JsonNode error = OpenAIErrors.Read(
            await _gateway.Api.PostAsync(ApiClient.Completions, Verbatim(answer)),
            HttpStatusCode.BadGateway,
            "server_error"
        );
        Assert.Equal(
            ("backend_error", $"The engine failed: {reason}"),
            ((string?)error["code"], (string?)error["message"])
        );
    }

    [Fact]
    public async Task An_answer_in_two_encodings_is_a_502()
    {
        Reply reply = await _gateway.Api.PostAsync(
            ApiClient.Completions,
            """{"prompt":"x","fake":{"answer":{"body":"{}","headers":{"Content-Encoding":"gzip, br"}}}}"""
        );
        Assert.Contains(
            "encoding",
            (string?)OpenAIErrors.Read(reply, HttpStatusCode.BadGateway, "server_error")["message"],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task JSON_instead_of_a_stream_is_a_502()
    {
        Reply reply = await _gateway.Api.PostAsync(
            ApiClient.Completions,
            """{"prompt":"x","stream":true,"fake":{"answer":{"body":"{}"}}}"""
        );
        Assert.Contains(
            "a stream was requested, but its answer is not one",
            (string?)OpenAIErrors.Read(reply, HttpStatusCode.BadGateway, "server_error")["message"],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_answer_cut_short_is_a_502()
    {
        JsonNode error = OpenAIErrors.Read(
            await _gateway.Api.PostAsync(ApiClient.Completions, """{"prompt":"x","fake":{"then":"reset"}}"""),
            HttpStatusCode.BadGateway,
            "server_error"
        );
        Assert.Equal("backend_error", (string?)error["code"]);
        Assert.StartsWith("The engine failed: ", (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_answer_arrives_whole()
    {
        string text = string.Concat(Enumerable.Repeat("0123456789abcdef", 100_000));
        Assert.Equal(
            $$"""{"text":"{{text}}"}""",
            Answer(await _gateway.Api.PostAsync(ApiClient.Completions, Verbatim($$"""{"text":"{{text}}"}""")))
        );
    }

    /// <summary>The answer without its environment.</summary>
    private static string Answer(Reply reply)
    {
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);
        int at = reply.Body.IndexOf(Environment.Trim()[..^1], StringComparison.Ordinal);
        Assert.True(at > 0, reply.Body);
        return reply.Body.Remove(at, Environment.Trim().Length - 1);
    }

    private static string Verbatim(string answer) =>
        new JsonObject
        {
            ["prompt"] = "x",
            ["fake"] = new JsonObject { ["answer"] = new JsonObject { ["body"] = answer } },
        }.ToJsonString();
}
