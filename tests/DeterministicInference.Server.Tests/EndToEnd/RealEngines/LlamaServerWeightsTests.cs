using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RealEngines;

/// <summary>The model's file is written to, or replaced, while a real llama-server has it mapped.</summary>
public sealed class LlamaServerWeightsTests
{
    [Fact]
    public async Task Weights_that_are_changed_under_a_running_server_are_noticed()
    {
        RealLlamaServer real = RealLlamaServer.Require();
        string folder = TestModels.NewFolder("weights"),
            model = Path.Combine(folder, "model.gguf");
        File.Copy(real.Model, model);
        await using ServeProcess server = await (real with { Model = model }).ServeAsync(new());
        JsonNode before = (await server.Api.GetAsync("/v1/environment")).Json;
        Assert.Equal("deterministic", (string?)before["class"]);

        // Replaced: the engine goes on with the file that it has mapped.
        string other = Path.Combine(folder, "other.gguf");
        File.Copy(real.Model, other);
        File.Copy(model, Path.Combine(folder, "kept.gguf"));
        File.Move(other, model, overwrite: true);
        await server.LineAsync($"'{model}' was replaced.");
        Assert.Equal((string?)before["id"], (string?)(await server.Api.GetAsync("/v1/environment")).Json["id"]);

        await using ServeProcess second = await (real with { Model = model }).ServeAsync(new());
        Assert.Equal((string?)before["id"], (string?)(await second.Api.GetAsync("/v1/environment")).Json["id"]);
        // Written to: the last byte of the last tensor.
        using (FileStream file = File.Open(model, FileMode.Open))
        {
            file.Seek(-1, SeekOrigin.End);
            int last = file.ReadByte();
            file.Seek(-1, SeekOrigin.End);
            file.WriteByte((byte)(last ^ 1));
        }
        await second.LineAsync($"The engine has '{model}' loaded, which was written to meanwhile.");
        JsonObject health = await second.Api.HealthAsync(state =>
            state["determinism"]!["reasons"]!.AsArray().Any(reason => (string?)reason == "model_changed")
        );
        Assert.Equal("best-effort", (string?)health["determinism"]!["class"]);
        await second.LineAsync("Environment ", times: 2);
        JsonNode after = (await second.Api.GetAsync("/v1/environment")).Json;
        Assert.NotEqual((string?)before["id"], (string?)after["id"]);
        Assert.Null(after["facts"]!["model.sha256"]);
    }
}
