using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>With <c>--seed random</c> answers differ, and each can be computed again.</summary>
public sealed class RandomSeedTests
{
    private const string Once = """{"prompt":"Once","max_tokens":12,"temperature":1.5,"ignore_eos":true}""",
        Four = """{"prompt":["Once","Once","Once","Once"],"max_tokens":12,"temperature":1.5,"ignore_eos":true""";

    [Fact]
    public async Task Answers_to_one_request_differ_and_each_is_computed_again()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--seed", "random");
        var texts = new HashSet<string>();
        for (int i = 0; i < 20; i++)
        {
            RecordedExchange exchange = await RecordedExchange.AskAsync(server.Api, Once, ApiClient.Completions);
            texts.Add(TextsIn(exchange)[0]);
            (await exchange.VerifyAsync("--against", server.Url))
                .Is(0, "REPRODUCED", "the same environment gives the same answer")
                .Has("request", "ok");
        }
        Assert.True(texts.Count >= 2, texts.First());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_of_several_prompts_has_a_seed_of_its_own(bool isStream)
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--seed", "random");
        string end = isStream ? ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}" : "}";
        RecordedExchange random = await RecordedExchange.AskAsync(server.Api, Four + end, ApiClient.Completions);
        Assert.True(TextsIn(random).Distinct().Count() > 1, random.Answer);
        (await random.VerifyAsync("--against", server.Url)).Is(
            0,
            "REPRODUCED",
            "the same environment gives the same answer"
        );
        // A seed of the client's is that of each prompt alone.
        RecordedExchange given = await RecordedExchange.AskAsync(
            server.Api,
            Four + ",\"seed\":42" + end,
            ApiClient.Completions
        );
        Assert.Equal(await TextAsync(server.Api, 42), Assert.Single(TextsIn(given).Distinct(StringComparer.Ordinal)));
        // Unless the client says that it is the first one's.
        RecordedExchange counted = await RecordedExchange.AskAsync(
            server.Api,
            Four + ",\"seed\":42,\"seeds_per_prompt\":true" + end,
            ApiClient.Completions
        );
        string[] texts = TextsIn(counted);
        for (int i = 0; i < texts.Length; i++)
            Assert.Equal(await TextAsync(server.Api, 42 + i), texts[i]);
        (await counted.VerifyAsync("--against", server.Url)).Is(0, "REPRODUCED", "");
    }

    private static async Task<string> TextAsync(ApiClient api, int seed) =>
        (string)
            (await api.JsonAsync(ApiClient.Completions, Once[..^1] + $",\"seed\":{seed}}}"))["choices"]![0]!["text"]!;

    private static string[] TextsIn(RecordedExchange exchange)
    {
        if (exchange.Answer.StartsWith('{'))
            return [.. ChoiceText.Of(JsonNode.Parse(exchange.Answer)!.AsObject()).Select(choice => choice.Text)];
        JsonObject[] events =
        [
            .. exchange
                .Answer.Split('\n')
                .Where(line => line.StartsWith("data: {", StringComparison.Ordinal))
                .Select(line => JsonNode.Parse(line["data: ".Length..])!.AsObject()),
        ];
        return [.. ChoiceText.Of(events).Select(choice => choice.Text)];
    }
}
