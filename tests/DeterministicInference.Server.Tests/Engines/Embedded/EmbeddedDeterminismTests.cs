using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>The same request gives the same answer: alone, beside others, as JSON and as a stream.</summary>
public sealed class EmbeddedDeterminismTests(SharedEngines engines)
{
    private const int Sequential = 5,
        Concurrent = 32,
        Seeds = 20;

    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 0.8)]
    [InlineData(true, 0)]
    [InlineData(true, 0.8)]
    public async Task Identical_requests_have_one_answer(bool chat, double temperature)
    {
        ApiClient api = await engines.ChatAsync();
        var generation = new Generation(chat, temperature, Seed: 7);
        var answers = new List<ChoiceText>();
        for (int i = 0; i < Sequential; i++)
        {
            answers.Add(await generation.JsonAsync(api));
            answers.Add(await generation.StreamAsync(api));
        }
        answers.AddRange(await Task.WhenAll(Enumerable.Range(0, Concurrent).Select(_ => generation.JsonAsync(api))));
        answers.AddRange(await Task.WhenAll(Enumerable.Range(0, Concurrent).Select(_ => generation.StreamAsync(api))));
        Generation.RequireOne(answers);
    }

    [Fact]
    public async Task Different_requests_beside_it_do_not_change_an_answer()
    {
        ApiClient api = await engines.ChatAsync();
        var generation = new Generation(Chat: true, 0.8, Seed: 7);
        ChoiceText alone = await generation.JsonAsync(api);
        Task<ChoiceText>[] others =
        [
            .. Enumerable.Range(0, 16).Select(i => new Generation(i % 2 == 0, 1, i).JsonAsync(api)),
        ];
        Task<ChoiceText>[] same = [.. Enumerable.Range(0, 8).Select(_ => generation.StreamAsync(api))];
        await Task.WhenAll(others);
        Generation.RequireOne([alone, .. await Task.WhenAll(same)]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Seeds_give_different_answers_that_repeat(bool chat)
    {
        ApiClient api = await engines.ChatAsync();
        Generation[] generations = [.. Enumerable.Range(1, Seeds).Select(seed => new Generation(chat, 0.8, seed))];
        ChoiceText[] first = await Task.WhenAll(generations.Select(generation => generation.JsonAsync(api)));
        ChoiceText[] second = await Task.WhenAll(generations.Select(generation => generation.JsonAsync(api)));
        Assert.Equal(first, second);
        Assert.InRange(first.Select(answer => answer.Text).Distinct().Count(), 10, Seeds);
    }

    [Fact]
    public async Task A_greedy_answer_does_not_depend_on_the_seed()
    {
        ApiClient api = await engines.ChatAsync();
        Generation.RequireOne(
            await Task.WhenAll(
                Enumerable.Range(0, 4).Select(seed => new Generation(Chat: true, 0, seed).JsonAsync(api))
            )
        );
    }

    [Fact]
    public async Task The_comparison_notices_another_seed()
    {
        ApiClient api = await engines.ChatAsync();
        ChoiceText one = await new Generation(Chat: false, 0.8, Seed: 1).JsonAsync(api),
            two = await new Generation(Chat: false, 0.8, Seed: 2).JsonAsync(api);
        Assert.Throws<Xunit.Sdk.TrueException>(() => Generation.RequireOne([one, one, two, one]));
    }

    [Fact]
    public async Task A_request_without_seed_uses_the_one_of_the_command_line()
    {
        ApiClient api = await engines.ChatAsync();
        const string body = """{"prompt":"Once","max_tokens":32,"temperature":1,"ignore_eos":true""";
        Generation.RequireOne([
            .. ChoiceText.Of(await api.JsonAsync(ApiClient.Completions, body + "}")),
            .. ChoiceText.Of(await api.JsonAsync(ApiClient.Completions, body + ""","seed":42}""")),
        ]);
        await using EngineProcess other = await EngineProcess.StartAsync(
            TestModels.Chat,
            "--seed",
            "-5",
            "--threads",
            "1",
            "--prefill-chunk",
            "3",
            "--max-sequences",
            "2"
        );
        Generation.RequireOne([
            .. ChoiceText.Of(await other.Api.JsonAsync(ApiClient.Completions, body + "}")),
            .. ChoiceText.Of(await api.JsonAsync(ApiClient.Completions, body + ""","seed":-5}""")),
        ]);
    }

    [Fact]
    public async Task Choices_of_one_request_differ_and_repeat()
    {
        ApiClient api = await engines.ChatAsync();
        const string body =
            """{"prompt":"Once upon a """
            + """time","max_tokens":32,"temperature":1,"n":4,"ignore_eos":true,"return_token_ids":true""";
        IReadOnlyList<ChoiceText> json = ChoiceText.Of(await api.JsonAsync(ApiClient.Completions, body + "}"));
        Assert.Equal(4, json.Distinct().Count());
        Assert.Equal(json, ChoiceText.Of(await api.StreamAsync(ApiClient.Completions, body + ""","stream":true}""")));
        // The first choice is what n = 1 gives.
        Assert.Equal(
            json[0],
            ChoiceText.Of(
                await api.JsonAsync(
                    ApiClient.Completions,
                    body.Replace("\"n\":4", "\"n\":1", StringComparison.Ordinal) + "}"
                )
            )[0]
        );
    }
}
