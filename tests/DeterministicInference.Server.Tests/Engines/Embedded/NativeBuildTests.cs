using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>The published native executable serves what the managed build serves.</summary>
public sealed class NativeBuildTests(SharedEngines engines)
{
    [Fact]
    public async Task It_serves_the_same_chat()
    {
        Assert.SkipWhen(ServerProgram.Native is null, "skipped: needs DIS_AOT_BINARY");
        await using EngineProcess native = await EngineProcess.StartAsync(
            ServerProgram.Native!,
            ["--model-path", TestModels.Chat]
        );
        var generation = new Generation(Chat: true, 0.8, Seed: 3);
        Generation.RequireOne([
            await generation.JsonAsync(await engines.ChatAsync()),
            await generation.JsonAsync(native.Api),
            await generation.StreamAsync(native.Api),
        ]);
        JsonNode error = OpenAIErrors.Read(
            await native.Api.PostAsync(ApiClient.Chat, "{}"),
            System.Net.HttpStatusCode.BadRequest
        );
        Assert.Equal("messages", (string?)error["param"]);
    }
}
