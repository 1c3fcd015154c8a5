using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.Engines.Embedded;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd;

/// <summary>The embedded engine through the gateway: the same answers as without it, and always the same.</summary>
public sealed class GatewayToEmbeddedTests(SharedEngines engines)
{
    private const int Sequential = 3,
        Concurrent = 16;

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 0.8)]
    [InlineData(true, 0)]
    [InlineData(true, 0.8)]
    public async Task Identical_requests_have_one_answer_which_is_the_engines(bool chat, double temperature)
    {
        ApiClient direct = await engines.ChatAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(direct.Url);
        var generation = new Generation(chat, temperature, Seed: 7);
        var answers = new List<ChoiceText> { await generation.JsonAsync(direct), await generation.StreamAsync(direct) };
        for (int i = 0; i < Sequential; i++)
        {
            answers.Add(await generation.JsonAsync(gateway.Api));
            answers.Add(await generation.StreamAsync(gateway.Api));
        }
        answers.AddRange(
            await Task.WhenAll(
                Enumerable
                    .Range(0, Concurrent)
                    .Select(i => i % 2 == 0 ? generation.JsonAsync(gateway.Api) : generation.StreamAsync(gateway.Api))
            )
        );
        Generation.RequireOne(answers);
    }

    [Fact]
    public async Task A_request_without_seed_gets_the_gateways_seed()
    {
        ApiClient direct = await engines.ChatAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(
            direct.Url,
            RunningGateway.Options with
            {
                Seed = 5,
            }
        );
        const string body = """{"prompt":"Once","max_tokens":32,"temperature":1,"ignore_eos":true""";
        ChoiceText[] expected =
        [
            .. ChoiceText.Of(await direct.JsonAsync(ApiClient.Completions, body + ",\"seed\":5}")),
        ];
        Assert.Equal(expected, ChoiceText.Of(await gateway.Api.JsonAsync(ApiClient.Completions, body + "}")));
        Assert.Equal(
            expected,
            ChoiceText.Of(
                await gateway.Api.StreamAsync(ApiClient.Completions, body + ",\"seed\":null,\"stream\":true}")
            )
        );
        Assert.NotEqual(
            expected,
            ChoiceText.Of(await gateway.Api.JsonAsync(ApiClient.Completions, body + ",\"seed\":6}"))
        );
    }

    [Fact]
    public async Task A_refusal_has_the_same_text_from_the_gateway_and_from_the_engine()
    {
        ApiClient direct = await engines.ChatAsync();
        await using RunningGateway gateway = await RunningGateway.StartAsync(direct.Url);
        foreach (
            string body in (string[])
                [
                    """{"prompt":"x","temperature":9}""",
                    """{"prompt":"x","n":0,"stream":true}""",
                    """{"prompt":5}""",
                    """{"prompt":"x","suffix":"y"}""",
                    "{}",
                ]
        )
        {
            Reply through = await gateway.Api.PostAsync(ApiClient.Completions, body);
            JsonNode expected = OpenAIErrors.Read(
                await direct.PostAsync(ApiClient.Completions, body),
                System.Net.HttpStatusCode.BadRequest
            );
            Assert.Equal(
                expected.ToJsonString(),
                OpenAIErrors.Read(through, System.Net.HttpStatusCode.BadRequest).ToJsonString()
            );
        }
    }
}
