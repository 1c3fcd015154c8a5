using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.Engines.Embedded;
using Xunit;

namespace DeterministicInference.Server.Tests.Serve;

/// <summary>The members that the server adds to the embedded engine's answers; it changes nothing else.</summary>
public sealed class AnswerTests(SharedServers servers)
{
    private const int Sequential = 5,
        Concurrent = 32;

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 0.8)]
    [InlineData(true, 0)]
    [InlineData(true, 0.8)]
    public async Task Identical_requests_have_the_one_answer_that_the_engine_gives(bool chat, double temperature)
    {
        ServeProcess server = await servers.ChatAsync();
        var generation = new Generation(chat, temperature, Seed: 7);
        List<ChoiceText> answers = [await generation.JsonAsync(server.Engine)];
        for (int i = 0; i < Sequential; i++)
        {
            answers.Add(await generation.JsonAsync(server.Api));
            answers.Add(await generation.StreamAsync(server.Api));
        }
        answers.AddRange(
            await Task.WhenAll(Enumerable.Range(0, Concurrent).Select(_ => generation.JsonAsync(server.Api)))
        );
        answers.AddRange(
            await Task.WhenAll(Enumerable.Range(0, Concurrent).Select(_ => generation.StreamAsync(server.Api)))
        );
        Generation.RequireOne(answers);
    }

    [Fact]
    public async Task Another_seed_is_another_answer()
    {
        ServeProcess server = await servers.ChatAsync();
        ChoiceText[] answers = await Task.WhenAll(
            Enumerable.Range(1, 8).Select(seed => new Generation(Chat: false, 0.8, seed).JsonAsync(server.Api))
        );
        Assert.NotEqual(1, answers.Distinct().Count());
    }

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"Once\"")]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]")]
    public async Task A_JSON_answer_is_the_engines_own_bytes_and_the_environment(string path, string prompt)
    {
        ServeProcess server = await servers.ChatAsync();
        string body =
            $$"""{{{prompt}},"max_tokens":8,"temperature":0,"seed":1,"logprobs":"""
            + $$"""{{(path == ApiClient.Chat ? "true" : "2")}}}""";
        string direct = Neutral((await server.Engine.PostAsync(path, body)).Body),
            through = Neutral((await server.Api.PostAsync(path, body)).Body);
        Assert.EndsWith("}", direct, StringComparison.Ordinal);
        Assert.StartsWith(direct[..^1] + ",\"environment\":\"", through, StringComparison.Ordinal);

        JsonNode environment = JsonNode.Parse((string)JsonNode.Parse(through)!["environment"]!)!;
        Assert.Equal(
            ["cuda_version", "driver_version", "gpu_count", "gpus"],
            environment.AsObject().Select(member => member.Key).Order()
        );
        Assert.Equal((int)environment["gpu_count"]!, environment["gpus"]!.AsArray().Count);

        // The two members in which two answers to one request differ.
        static string Neutral(string json)
        {
            JsonObject answer = JsonNode.Parse(json)!.AsObject();
            foreach (string member in (string[])["id", "created"])
                json = json.Replace(answer[member]!.ToJsonString(), "0", StringComparison.Ordinal);
            return json;
        }
    }

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"Once\"")]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]")]
    public async Task A_stream_has_no_environment(string path, string prompt)
    {
        ServeProcess server = await servers.ChatAsync();
        IReadOnlyList<JsonObject> chunks = await server.Api.StreamAsync(
            path,
            $$"""{{{prompt}},"max_tokens":8,"stream":true}"""
        );
        Assert.True(chunks.Count > 1);
        Assert.All(chunks, chunk => Assert.DoesNotContain("environment", chunk.Select(member => member.Key)));
    }

    [Fact]
    public async Task A_request_without_seed_gets_the_servers()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(TestModels.Chat, "--seed", "11");
        const string body = """{"prompt":"Once","max_tokens":32,"temperature":1,"ignore_eos":true""";
        Generation.RequireOne([
            .. ChoiceText.Of(await server.Api.JsonAsync(ApiClient.Completions, body + "}")),
            .. ChoiceText.Of(await server.Api.JsonAsync(ApiClient.Completions, body + ""","seed":null}""")),
            .. ChoiceText.Of(await server.Api.JsonAsync(ApiClient.Completions, body + ""","seed":11}""")),
        ]);
    }

    [Fact]
    public async Task The_published_native_server_gives_the_same_answer()
    {
        Assert.SkipWhen(ServerProgram.Native is null, "skipped: set DIS_AOT_BINARY to the published executable");
        await using ServeProcess native = await ServeProcess.EmbeddedAsync(ServerProgram.Native!, TestModels.Chat);
        var generation = new Generation(Chat: true, 0.8, Seed: 7);
        Generation.RequireOne([
            await generation.JsonAsync((await servers.ChatAsync()).Api),
            await generation.JsonAsync(native.Api),
            await generation.StreamAsync(native.Api),
        ]);
    }
}
