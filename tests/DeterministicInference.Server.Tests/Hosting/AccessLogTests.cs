using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Supervision;
using DeterministicInference.Server.Tests.Gateway.Admission;
using Xunit;

namespace DeterministicInference.Server.Tests.Hosting;

/// <summary>The one line of a request.</summary>
public sealed class AccessLogTests(SharedFakeBackend shared)
{
    private const string Server = "deterministic_inference.server ";

    [Fact]
    public async Task Known_routes_are_named_by_their_template_and_other_paths_are_cut()
    {
        RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url);
        await using (gateway)
        {
            await gateway.Api.PostAsync("/V1/Completions?secret=1", """{"prompt":"x"}""");
            await gateway.Api.GetAsync("/v1/models/org%2Fsome-model");
            await gateway.Api.GetAsync("/no\u00e9%0Awhere?secret=2");
            await gateway.Api.GetAsync("/" + new string('x', 5000));
            await gateway.Api.GetAsync(ApiClient.Chat);
        }
        string[] requests =
        [
            .. gateway
                .Log.All.Where(line => line.Contains(Server, StringComparison.Ordinal))
                .Select(line => line[..line.IndexOf(" ms ", StringComparison.Ordinal)]),
        ];
        string[] starts =
        [
            $"Information {Server}POST /v1/completions 200 ",
            $"Information {Server}GET /v1/models/{{id}} 404 ",
            $"Information {Server}GET /no%C3%A9%0Awhere 404 ",
            $"Information {Server}GET /{new string('x', 199)}… 404 ",
            $"Information {Server}GET /v1/chat/completions 405 ",
        ];
        Assert.Equal(starts.Length, requests.Length);
        for (int i = 0; i < starts.Length; i++)
            Assert.StartsWith(starts[i], requests[i], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_and_lists_of_models_are_for_DEBUG()
    {
        RunningGateway gateway = await RunningGateway.StartAsync((await shared.StartedAsync()).Url);
        await using (gateway)
        {
            gateway.Status.Set(new EngineState.Starting("loading"));
            foreach (string path in (string[])["/health", "/livez", "/readyz", "/v1/models"])
                await gateway.Api.GetAsync(path);
        }
        string[] lines = [.. gateway.Log.All.Where(line => line.Contains(Server, StringComparison.Ordinal))];
        Assert.Equal(4, lines.Length);
        Assert.All(lines, line => Assert.StartsWith("Debug ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_clients_id_is_kept_where_it_can_be()
    {
        string longest = new('i', 128);
        string[] kept = ["my-id/1", longest];
        FakeBackendProcess fake = await shared.StartedAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(fake.Url);
        foreach (string id in kept)
        {
            Assert.Equal(id, await IdAsync(id));
            Assert.StartsWith(
                $"{id}-",
                (string?)(await fake.RequestAsync($"id {id}"))["headers"]!["x-request-id"],
                StringComparison.Ordinal
            );
        }
        foreach (string id in (string[])[longest + "i", "two words", ""])
            Assert.Matches("^req_[0-9a-f]{24}$", await IdAsync(id));
        // A client has its answer before the line is written.
        await gateway.DisposeAsync();
        foreach (string id in kept)
            Assert.Contains(gateway.Log.All, line => line.Contains($" {id} first_byte_ms=", StringComparison.Ordinal));

        async Task<string> IdAsync(string id)
        {
            HttpRequestMessage request = ApiClient.Post(ApiClient.Completions, $$"""{"prompt":"id {{id}}"}""");
            Assert.True(request.Headers.TryAddWithoutValidation("x-request-id", id));
            return Assert.Single((await gateway.Api.SendAsync(request)).Headers.GetValues("x-request-id"));
        }
    }

    [Fact]
    public async Task As_JSON_the_line_has_its_parts_as_members()
    {
        string file = ApiKeyTests.File("ops sk-of-operations\n");
        ServeProcess server = await ServeProcess.SglangAsync(["--log-format", "json", "--api-key-file", file]);
        await using (server)
        {
            await server.LineAsync("\"SGLang server is ready\"");
            server.Api.Http.DefaultRequestHeaders.Add("Authorization", "Bearer sk-of-operations");
            server.Api.Http.DefaultRequestHeaders.Add("x-request-id", "the-id");
            await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x","max_tokens":3}""");
            Assert.Equal(
                HttpStatusCode.OK,
                (await server.Api.PostAsync(ApiClient.Completions, """{"prompt":"x","stream":true}""")).Status
            );
            await server.Api.GetAsync("/nowhere");
        }
        JsonObject[] lines =
        [
            .. server
                .Log.Lines.Select(line => JsonNode.Parse(line)!.AsObject())
                .Where(line => line.ContainsKey("route")),
        ];
        Assert.Equal(3, lines.Length);
        string[] common = ["time", "level", "module", "message", "method", "route", "status", "duration_ms"];
        Assert.Equal(
            [.. common, "first_byte_ms", "prompt_tokens", "completion_tokens", "key", "request_id"],
            lines[0].Select(member => member.Key)
        );
        Assert.Equal(
            [.. common, "prompt_tokens", "completion_tokens", "key", "request_id"],
            lines[2].Select(member => member.Key)
        );
        Assert.Equal(
            ("POST", "/v1/completions", 200, 1, 3, "ops", "the-id"),
            (
                (string?)lines[0]["method"],
                (string?)lines[0]["route"],
                (int)lines[0]["status"]!,
                (int)lines[0]["prompt_tokens"]!,
                (int)lines[0]["completion_tokens"]!,
                (string?)lines[0]["key"],
                (string?)lines[0]["request_id"]
            )
        );
        Assert.InRange((double)lines[0]["first_byte_ms"]!, 0, (double)lines[0]["duration_ms"]!);
        Assert.StartsWith("POST /v1/completions 200 ", (string?)lines[0]["message"], StringComparison.Ordinal);
        // The stream has no usage, but ids.
        Assert.Equal((1, 16), ((int)lines[1]["prompt_tokens"]!, (int)lines[1]["completion_tokens"]!));
        Assert.Equal((404, "/nowhere"), ((int)lines[2]["status"]!, (string?)lines[2]["route"]));
        Assert.All(server.Log.Lines, line => Assert.DoesNotContain("sk-of-operations", line, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("0.0.0.0", false, 1)]
    [InlineData("0.0.0.0", true, 0)]
    [InlineData("localhost", false, 0)]
    public async Task Listening_to_the_network_without_keys_is_warned_of_once(string host, bool isKeyed, int warnings)
    {
        ServeProcess server = await ServeProcess.SglangAsync([
            "--proxy-host",
            host,
            .. isKeyed ? (string[])["--api-key", "sk-1"] : [],
        ]);
        await using (server)
            await server.ReadyAsync("SGLang server");
        string expected =
            $"| WARNING  | {ServeProcess.Module} | Anyone who can reach {host} can use the engine. Set "
            + "--api-key-file, or listen on localhost";
        Assert.Equal(warnings, server.Log.Lines.Count(line => line.EndsWith(expected, StringComparison.Ordinal)));
        Assert.Equal(
            warnings,
            server.Log.Lines.Count(line =>
                line.Contains("| WARNING  | deterministic_inference.server ", StringComparison.Ordinal)
            )
        );
    }
}
