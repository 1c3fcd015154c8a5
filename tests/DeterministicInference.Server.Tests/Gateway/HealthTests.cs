using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Supervision;
using Xunit;

namespace DeterministicInference.Server.Tests.Gateway;

/// <summary>The health report and the handling of requests in each state of the engine.</summary>
public sealed class HealthTests(SharedFakeBackend shared)
{
    /// <summary>An address without a listener: health is answered from memory.</summary>
    private const string Nowhere = "http://127.0.0.1:9";

    [Fact]
    public async Task A_ready_engine_is_healthy()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(Nowhere);
        Reply reply = await gateway.Api.GetAsync("/health");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal(
            """{"status":"healthy","backend":{"status":"ready","healthy":true,"url":"http://127.0.0.1:"""
                + """9","restarts":0,"progress":{"in_flight":0,"queued":0,"silent_seconds":0}},"determinism":"""
                + """{"class":"not_checked","reasons":["not_checked"],"pending":[]}}""",
            reply.Body
        );
        Assert.Equal(reply.Body, (await gateway.Api.GetAsync("/readyz")).Body);
        Assert.StartsWith("req_", Assert.Single(reply.Headers.GetValues("x-request-id")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("starting", "starting", "loading, 12 s")]
    [InlineData("unhealthy", "unhealthy", "no answer to 3 probes")]
    [InlineData("failed", "failed", "ended with code 1")]
    [InlineData("stopping", "stopping", "the server is shutting down")]
    public async Task An_engine_that_is_not_ready_is_a_503_with_the_reason(string state, string status, string detail)
    {
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        gateway.Status.Set(
            state switch
            {
                "starting" => new EngineState.Starting(detail),
                "unhealthy" => new EngineState.Unhealthy(detail),
                "failed" => new EngineState.Failed(detail, ["a line that quotes a prompt"]),
                _ => new EngineState.Stopping(null),
            }
        );
        string expected =
            $$$$"""{"status":"{{{{status}}}}","backend":{"status":"{{{{status}}}}","healthy":"""
            + $$$$"""false,"url":"{{{{fake.Url}}}}","detail":"{{{{detail}}}}","restarts":0,"progress":{"in_flight":"""
            + $$$$"""0,"queued":0,"silent_seconds":0}},"determinism":{"class":"not_checked","reasons":"""
            + $$$$"""["not_checked"],"pending":[]}}""";
        foreach (string path in (string[])["/health", "/readyz"])
        {
            Reply health = await gateway.Api.GetAsync(path);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, expected), (health.Status, health.Body));
            Assert.Equal("5", Assert.Single(health.Headers.GetValues("Retry-After")));
        }

        string marker = $"while-{state}";
        Reply reply = await gateway.Api.PostAsync(
            ApiClient.Chat,
            $$"""{"messages":[{"role":"user","content":"{{marker}}"}],"stream":true}"""
        );
        JsonNode error = OpenAIErrors.Read(reply, HttpStatusCode.ServiceUnavailable, "server_error");
        Assert.Equal(
            ("backend_unavailable", $"The engine is {status}: {detail}"),
            ((string?)error["code"], (string?)error["message"])
        );
        Assert.Equal("5", Assert.Single(reply.Headers.GetValues("Retry-After")));
        Assert.DoesNotContain(
            await fake.RequestsAsync(),
            request => ((string)request["body"]!).Contains(marker, StringComparison.Ordinal)
        );

        Assert.Equal(HttpStatusCode.OK, (await gateway.Api.GetAsync("/livez")).Status);
        Assert.Equal(HttpStatusCode.OK, (await gateway.Api.GetAsync("/v1/models")).Status);

        gateway.Status.Set(new EngineState.Ready(new Uri(fake.Url)));
        Assert.Equal(HttpStatusCode.OK, (await gateway.Api.GetAsync("/health")).Status);
        await gateway.Api.JsonAsync(ApiClient.Completions, """{"prompt":"now it is ready"}""");
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/readyz")]
    [InlineData("/livez")]
    [InlineData("/v1/models")]
    [InlineData("/v1/models/some-model")]
    public async Task HEAD_answers_like_GET_without_the_body(string path)
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(Nowhere);
        Reply get = await gateway.Api.GetAsync(path),
            head = await gateway.Api.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
        Assert.Equal((HttpStatusCode.OK, ""), (head.Status, head.Body));
        Assert.Equal(get.ContentHeaders.ContentLength, head.ContentHeaders.ContentLength);
    }

    [Fact]
    public async Task All_models_are_listed_with_what_the_engine_says_of_them()
    {
        const string list = """
            {"data":[{"id":"a","root":"/models/a","parent":null,"max_model_len":512},
            {"id":"l","root":"r","parent":"a"}]}
            """;
        using JsonDocument listed = JsonDocument.Parse(list);
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            Nowhere,
            RunningGateway.Options,
            models: ServedModels.Read(listed.RootElement, null)
        );
        JsonArray data = (await gateway.Api.GetAsync("/v1/models")).Json["data"]!.AsArray();
        foreach (JsonNode? model in data)
            Assert.True(model!.AsObject().Remove("created"));
        const string rest = "\"object\":\"model\",\"owned_by\":\"deterministic-inference-server\"";
        Assert.Equal(
            $$"""[{"id":"a",{{rest}},"max_model_len":512},{"id":"l",{{rest}},"root":"r","parent":"a"}]""",
            data.ToJsonString()
        );
        Assert.Equal("l", (string?)(await gateway.Api.GetAsync("/v1/models/l")).Json["id"]);
    }

    [Fact]
    public async Task No_model_is_made_up()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            Nowhere,
            RunningGateway.Options,
            models: ServedModels.Unknown
        );
        Assert.Empty((await gateway.Api.GetAsync("/v1/models")).Json["data"]!.AsArray());
        Assert.Equal(
            "The model 'x' does not exist. What this server serves is not known.",
            (string?)OpenAIErrors.Read(await gateway.Api.GetAsync("/v1/models/x"), HttpStatusCode.NotFound)["message"]
        );
    }

    [Fact]
    public async Task Models_are_answered_by_the_server_itself()
    {
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            Nowhere,
            RunningGateway.Options with
            {
                ServedModelName = "org/name",
            }
        );
        JsonNode model = Assert.Single((await gateway.Api.GetAsync("/v1/models")).Json["data"]!.AsArray())!;
        Assert.Equal(
            ("org/name", "model", "deterministic-inference-server"),
            ((string?)model["id"], (string?)model["object"], (string?)model["owned_by"])
        );
        foreach (string path in (string[])["/v1/models/org/name", "/v1/models/org%2Fname", "/v1/models/org%2fname"])
        {
            Assert.Equal(model.ToJsonString(), (await gateway.Api.GetAsync(path)).Json.ToJsonString());
        }
        JsonNode error = OpenAIErrors.Read(
            await gateway.Api.GetAsync("/v1/models/org%2Fother"),
            HttpStatusCode.NotFound
        );
        Assert.Equal(
            ("model_not_found", "model", "The model 'org/other' does not exist. This server serves 'org/name'."),
            ((string?)error["code"], (string?)error["param"], (string?)error["message"])
        );
    }
}
