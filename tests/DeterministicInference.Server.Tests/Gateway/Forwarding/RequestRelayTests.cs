using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Configuration;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway.Forwarding;

/// <summary>The parts of a request that reach the engine.</summary>
public sealed class RequestRelayTests(SharedFakeBackend shared) : IAsyncLifetime
{
    private FakeBackendProcess _fake = null!;
    private RunningGateway _gateway = null!;

    public async ValueTask InitializeAsync()
    {
        _fake = await shared.StartedAsync();
        _gateway = await RunningGateway.StartAsync(_fake.Url);
    }

    public ValueTask DisposeAsync() => _gateway.DisposeAsync();

    [Fact]
    public async Task A_request_with_a_seed_arrives_byte_for_byte()
    {
        const string body = """
            { "prompt" : "byte-for-byte \u00e9 é \ud83d\ude00 \/ 😀",
              "seed":7,"big":12345678901234567890123,"exp":1E400, "zero":-0.0,"long":0.1000000000000000055511151231257827,
              "nested":{"a":[1, 2,{"b":null}],"seed":null},"":"","unknown":null , "fake":{} }
            """;
        await _gateway.Api.JsonAsync(ApiClient.Completions, body);
        Assert.Equal(body, (string?)(await _fake.RequestAsync("byte-for-byte"))["body"]);
        // Except for known members that are null.
        const string gone = "byte-for-byte but for null";
        await _gateway.Api.JsonAsync(
            ApiClient.Completions,
            body.Replace("byte-for-byte", gone, StringComparison.Ordinal)
                .Replace("\"zero\"", "\"max_tokens\" :null,\t\"zero\"", StringComparison.Ordinal)
        );
        Assert.Equal(
            body.Replace("byte-for-byte", gone, StringComparison.Ordinal)
                .Replace(", \"zero\"", ",\t\"zero\"", StringComparison.Ordinal),
            (string?)(await _fake.RequestAsync(gone))["body"]
        );
    }

    [Theory]
    [InlineData("""{"prompt":"none"}""", """{"prompt":"none","seed":42}""")]
    [InlineData("""{"prompt":"null","seed":null,"x":1}""", """{"prompt":"null","seed":42,"x":1}""")]
    [InlineData("""{"seed":0,"prompt":"zero"}""", """{"seed":0,"prompt":"zero"}""")]
    [InlineData("""{"s\u0065ed":-9,"prompt":"escaped"}""", """{"s\u0065ed":-9,"prompt":"escaped"}""")]
    [InlineData("""{"s\u0065ed":null,"prompt":"escaped null"}""", """{"s\u0065ed":42,"prompt":"escaped null"}""")]
    public async Task The_seed_is_set_where_it_is_absent_or_null(string sent, string arrived)
    {
        await _gateway.Api.PostAsync(ApiClient.Completions, sent);
        Assert.Contains(await _fake.RequestsAsync(), request => (string?)request["body"] == arrived);
    }

    [Fact]
    public async Task A_seed_of_the_settings_and_determinism_off()
    {
        await using (
            RunningGateway other = await RunningGateway.StartAsync(
                _fake.Url,
                RunningGateway.Options with
                {
                    Seed = long.MinValue,
                }
            )
        )
        {
            await other.Api.PostAsync(ApiClient.Completions, """{"prompt":"other seed"}""");
            Assert.Equal(
                """{"prompt":"other seed","seed":-9223372036854775808}""",
                (string?)(await _fake.RequestAsync("other seed"))["body"]
            );
        }
        await using RunningGateway off = await RunningGateway.StartAsync(
            _fake.Url,
            RunningGateway.Options with
            {
                Determinism = DeterminismMode.Off,
            }
        );
        await off.Api.PostAsync(ApiClient.Completions, """{"prompt":"switched off" , "seed":null}""");
        Assert.Equal(
            """{"prompt":"switched off" , "seed":null}""",
            (string?)(await _fake.RequestAsync("switched off"))["body"]
        );
    }

    [Fact]
    public async Task Only_listed_headers_reach_the_engine()
    {
        using HttpRequestMessage request = ApiClient.Post(
            "/v1/../V1/Completions?api-version=1&x=%0A",
            """{"prompt":"only listed headers"}"""
        );
        foreach (
            (string name, string value) in (IEnumerable<(string, string)>)
                [
                    ("Authorization", "Bearer key"),
                    ("Cookie", "a=b"),
                    ("X-Conversation-Id", "1"),
                    ("X-Data-Parallel-Rank", "1"),
                    ("User-Agent", "Test/1"),
                    ("Accept-Encoding", "gzip"),
                    ("X-Forwarded-For", "10.0.0.1"),
                    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                    ("Via", "1.1 x"),
                ]
        )
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
        Reply reply = await _gateway.Api.SendAsync(request);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Body);

        JsonNode arrived = await _fake.RequestAsync("only listed headers");
        Assert.Equal("POST /v1/completions", (string?)arrived["line"]);
        Dictionary<string, string?> headers = arrived["headers"]!
            .AsObject()
            .ToDictionary(header => header.Key, header => (string?)header.Value);
        Assert.Equal(
            [
                "accept-encoding",
                "authorization",
                "content-length",
                "content-type",
                "host",
                "traceparent",
                "x-request-id",
            ],
            headers.Keys.Order()
        );
        Assert.Equal(
            ("identity", "Bearer key", "application/json"),
            (headers["accept-encoding"], headers["authorization"], headers["content-type"])
        );
        Assert.Matches(
            $"^{Assert.Single(reply.Headers.GetValues("x-request-id"))}-[0-9a-f]{{8}}$",
            headers["x-request-id"]
        );
    }

    /// <summary>Two requests of one id in flight break each other in vLLM (vllm-project/vllm#15041).</summary>
    [Fact]
    public async Task An_id_that_a_client_uses_twice_is_not_one_id_for_the_engine()
    {
        for (int i = 0; i < 2; i++)
        {
            HttpRequestMessage request = ApiClient.Post(ApiClient.Completions, $$"""{"prompt":"twice {{i}}"}""");
            request.Headers.Add("x-request-id", "same");
            Reply reply = await _gateway.Api.SendAsync(request);
            Assert.Equal("same", Assert.Single(reply.Headers.GetValues("x-request-id")));
        }
        string[] ids =
        [
            (string)(await _fake.RequestAsync("twice 0"))["headers"]!["x-request-id"]!,
            (string)(await _fake.RequestAsync("twice 1"))["headers"]!["x-request-id"]!,
        ];
        Assert.All(ids, id => Assert.Matches("^same-[0-9a-f]{8}$", id));
        Assert.NotEqual(ids[0], ids[1]);
    }

    [Theory]
    [InlineData("POST", "/generate")]
    [InlineData("GET", "/server_info")]
    [InlineData("GET", "/get_model_info")]
    [InlineData("POST", "/flush_cache")]
    [InlineData("POST", "/__fake/exit/1")]
    [InlineData("POST", "/v1/completionsX")]
    [InlineData("POST", "/v1/completions/x")]
    [InlineData("POST", "//v1/completions")]
    [InlineData("POST", "/v1/embeddings")]
    [InlineData("POST", "/v1/chat%2Fcompletions")]
    public async Task What_is_not_listed_does_not_reach_the_engine(string method, string path)
    {
        int before = (await _fake.RequestsAsync()).Count;
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(_gateway.Url + path));
        if (method == "POST")
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        Assert.Equal(
            "unknown_url",
            (string?)OpenAIErrors.Read(await _gateway.Api.SendAsync(request), HttpStatusCode.NotFound)["code"]
        );
        Assert.DoesNotContain((await _fake.RequestsAsync()).Skip(before), arrived => (string?)arrived["body"] == "{}");
    }

    [Theory]
    [InlineData("""{"prompt":"refused-1","seed":1,"seed":2}""")]
    [InlineData("""{"prompt":"refused-2","a":{"b":1,"b":2}}""")]
    [InlineData("""["refused-3"]""")]
    [InlineData("""{"prompt":"refused-4"} x""")]
    [InlineData("""{"prompt":"refused-5",}""")]
    [InlineData("""{"prompt":"refused-6","\ud800":1}""")]
    [InlineData("")]
    public async Task What_two_parsers_could_read_differently_is_refused(string body)
    {
        OpenAIErrors.Read(await _gateway.Api.PostAsync(ApiClient.Completions, body), HttpStatusCode.BadRequest);
        Assert.DoesNotContain(
            await _fake.RequestsAsync(),
            request => ((string)request["body"]!).Contains("refused-", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Nesting_is_limited_to_64_levels()
    {
        string Nested(int depth) =>
            $$"""{"prompt":"nested {{depth}}","x":{{new string('[', depth)}}{{new string(']', depth)}}}""";
        Assert.Equal(HttpStatusCode.OK, (await _gateway.Api.PostAsync(ApiClient.Completions, Nested(63))).Status);
        OpenAIErrors.Read(await _gateway.Api.PostAsync(ApiClient.Completions, Nested(64)), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Any_model_is_accepted_unless_models_are_strict()
    {
        const string other = """{"model":"test-model","prompt":"any model"}""";
        // The engine echoes the name that it gets.
        Assert.Equal("some-model", (string?)(await _gateway.Api.JsonAsync(ApiClient.Completions, other))["model"]);

        await using RunningGateway strict = await RunningGateway.StartAsync(
            _fake.Url,
            RunningGateway.Options with
            {
                StrictModel = true,
            }
        );
        JsonNode error = OpenAIErrors.Read(
            await strict.Api.PostAsync(ApiClient.Completions, other),
            HttpStatusCode.NotFound
        );
        Assert.Equal(("model_not_found", "model"), ((string?)error["code"], (string?)error["param"]));
        Assert.Equal(
            "invalid_type",
            (string?)
                OpenAIErrors.Read(
                    await strict.Api.PostAsync(ApiClient.Completions, """{"model":5,"prompt":"x"}"""),
                    HttpStatusCode.BadRequest
                )["code"]
        );
        foreach (
            string accepted in (string[])
                ["""{"model":"some-model","prompt":"x"}""", """{"model":null,"prompt":"x"}""", """{"prompt":"x"}"""]
        )
        {
            Assert.Equal(HttpStatusCode.OK, (await strict.Api.PostAsync(ApiClient.Completions, accepted)).Status);
        }
    }

    [Fact]
    public async Task A_body_above_the_limit_is_refused()
    {
        await using RunningGateway small = await RunningGateway.StartAsync(
            _fake.Url,
            RunningGateway.Options with
            {
                MaxRequestBytes = 100,
            }
        );
        JsonNode error = OpenAIErrors.Read(
            await small.Api.PostAsync(ApiClient.Completions, $$"""{"prompt":"{{new string('x', 100)}}"}"""),
            HttpStatusCode.RequestEntityTooLarge
        );
        Assert.Contains("--max-request-bytes", (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_large_request_arrives_whole()
    {
        string body = $$"""{"prompt":"large {{new string('x', 3_000_000)}}","seed":1}""";
        await _gateway.Api.JsonAsync(ApiClient.Completions, body);
        Assert.Equal(body, (string?)(await _fake.RequestAsync("\"large x"))["body"]);
    }
}
