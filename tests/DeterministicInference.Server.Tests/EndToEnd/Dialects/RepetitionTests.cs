using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>One request has one answer, and the seed is part of the request, whatever the engine.</summary>
[Collection(DialectGroup.Name)]
public sealed class RepetitionTests(DialectServers servers)
{
    private const int Runs = 5;

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task Five_identical_requests_have_one_answer(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (bool isChat in (bool[])[false, true])
        {
            foreach (double temperature in (double[])[0, 0.8])
            {
                DialectRequest request = DialectRequest.Of(isChat, dialect) with { Temperature = temperature };
                var texts = new List<string>();
                for (int i = 0; i < Runs; i++)
                {
                    texts.Add(await request.TextAsync(server.Api));
                    texts.Add(
                        ChoiceText
                            .Of(await DialectRequest.ChunksAsync(server.Api, request.Path, request.Stream))
                            .Single()
                            .Text
                    );
                }
                Assert.NotEmpty(Assert.Single(texts.Distinct()));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task Another_seed_is_another_answer_and_each_repeats(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (bool isChat in (bool[])[false, true])
        {
            // Small models have little variation.
            DialectRequest request = DialectRequest.Of(isChat, dialect) with
            {
                Temperature = 1.8,
            };
            string[] first = await TextsAsync(server, request, 7, 8, 9),
                again = await TextsAsync(server, request, 7, 8, 9);
            Assert.Equal(first, again);
            Assert.True(first.Distinct().Count() > 1, first[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_seed_that_is_left_out_is_42(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (bool isChat in (bool[])[false, true])
        {
            DialectRequest request = DialectRequest.Of(isChat, dialect) with { Temperature = 1.8 };
            Assert.Equal(await (request with { Seed = 42 }).TextAsync(server.Api), await request.TextAsync(server.Api));
            Assert.Equal(
                await (request with { Seed = 42 }).TextAsync(server.Api),
                await (request with { More = "\"seed\":null" }).TextAsync(server.Api)
            );
        }
    }

    private static async Task<string[]> TextsAsync(DialectServer server, DialectRequest request, params int[] seeds)
    {
        var texts = new List<string>();
        foreach (int seed in seeds)
            texts.Add(await (request with { Seed = seed }).TextAsync(server.Api));
        return [.. texts];
    }
}
