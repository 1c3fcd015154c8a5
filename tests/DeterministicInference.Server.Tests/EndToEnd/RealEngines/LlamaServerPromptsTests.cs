using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.Verification;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.RealEngines;

/// <summary>Several prompts in one request to a real llama-server, which counts the first one only.</summary>
public sealed class LlamaServerPromptsTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Several_prompts_have_the_answers_of_each_alone_and_usage_of_all(bool isStream)
    {
        RealLlamaServer real = RealLlamaServer.Require();
        await using ServeProcess server = await real.ServeAsync(new());
        const string end = ",\"max_tokens\":6,\"seed\":3}";
        string request = """{"prompt":["Once","The dog","A cat sat"]""" + end;
        if (isStream)
            request = request[..^1] + ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}";
        RecordedExchange exchange = await RecordedExchange.AskAsync(server.Api, request, ApiClient.Completions);
        JsonObject[] parts = isStream
            ?
            [
                .. exchange
                    .Answer.Split('\n')
                    .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
                    .Select(line => JsonNode.Parse(line["data: ".Length..])!.AsObject()),
            ]
            : [JsonNode.Parse(exchange.Answer)!.AsObject()];
        IReadOnlyList<ChoiceText> choices = isStream ? ChoiceText.Of(parts) : ChoiceText.Of(parts[0]);
        Assert.Single(parts.Select(part => (string?)part["id"]).Distinct());
        Assert.Equal(18, (int)Assert.Single(parts, part => part["usage"] is not null)["usage"]!["completion_tokens"]!);
        string[] prompts = ["Once", "The dog", "A cat sat"];
        for (int i = 0; i < prompts.Length; i++)
        {
            JsonObject alone = await server.Api.JsonAsync(ApiClient.Completions, $"{{\"prompt\":\"{prompts[i]}\"{end}");
            Assert.Equal((string?)alone["choices"]![0]!["text"], choices[i].Text);
        }
        (await exchange.VerifyAsync("--against", server.Url)).Is(0, "REPRODUCED", "");
    }
}
