using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd.FakeBackend;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RecordedEngines;

/// <summary>What real engines say of themselves, as the <c>serve</c> command that attaches to one reads it.</summary>
public sealed class RecordedInformationTests
{
    [Theory]
    [InlineData("vllm", "vLLM server", "0.32.0", 512)]
    [InlineData("sglang", "SGLang server", "0.5.23", 8192)]
    public async Task Models_and_health_are_the_engines(string engine, string title, string version, int context)
    {
        await using FakeBackendProcess replayed = await FakeDialect.ReplayAsync(engine);
        await using ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", engine, "--backend-url", replayed.Url]
        );
        await server.ReadyAsync(title);
        JsonObject listed = (await server.Api.GetAsync("/v1/models")).Json;
        JsonNode model = Assert.Single(listed["data"]!.AsArray())!;
        Assert.Equal(("demo", context), ((string)model["id"]!, (int)model["max_model_len"]!));
        Assert.Equal("demo", (string?)(await server.Api.GetAsync("/v1/models/demo")).Json["id"]);
        OpenAIErrors.Read(await server.Api.GetAsync("/v1/models/nope"), HttpStatusCode.NotFound);

        Reply health = await server.Api.GetAsync("/health");
        Assert.Equal((HttpStatusCode.OK, "healthy"), (health.Status, (string?)health.Json["status"]));
        Assert.Equal(HttpStatusCode.OK, (await server.Api.GetAsync("/readyz")).Status);
        JsonNode facts = (await server.Api.GetAsync("/v1/environment")).Json["facts"]!;
        Assert.Equal(version, (string?)facts["engine.version"]!["value"]);
    }
}
