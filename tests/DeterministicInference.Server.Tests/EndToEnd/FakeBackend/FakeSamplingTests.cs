using System.Net;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.FakeBackend;

/// <summary>
/// How FakeBackend's texts depend on seeds, sampling parameters and concurrent requests, engine by engine.
/// </summary>
public sealed class FakeSamplingTests(FakeEngines engines) : IClassFixture<FakeEngines>
{
    [Theory]
    [InlineData(FakeDialect.SGLang, """{"temperature":1,"top_p":1,"top_k":-1,"min_p":0}""")]
    [InlineData(FakeDialect.Vllm, """{"temperature":1,"top_p":1,"top_k":-1,"min_p":0}""")]
    [InlineData(FakeDialect.Tgi, """{"temperature":1}""")]
    [InlineData(FakeDialect.LlamaCpp, """{"temperature":0.8,"top_p":0.95,"top_k":40,"min_p":0.05}""")]
    public async Task What_a_request_leaves_out_is_the_engines_own(string dialect, string own)
    {
        FakeBackendProcess fake = await engines.OfAsync(dialect);
        string text = await fake.TextAsync("""{"prompt":"x","seed":1}""");
        string explicitly = $$"""{"prompt":"x","seed":1,{{own[1..]}}""";
        Assert.Equal(text, await fake.TextAsync(explicitly));
        Assert.NotEqual(text, await fake.TextAsync("""{"prompt":"x","seed":1,"temperature":0.5}"""));
        Assert.NotEqual(text, await fake.TextAsync("""{"prompt":"x","seed":1,"top_p":0.5}"""));
        Assert.NotEqual(text, await fake.TextAsync("""{"prompt":"x","seed":2}"""));
        Assert.Equal(
            await fake.TextAsync("""{"prompt":"x","seed":1,"temperature":0}"""),
            await fake.TextAsync("""{"prompt":"x","temperature":0}""")
        );
    }

    [Fact]
    public async Task SGLang_without_a_seed_takes_42_and_gives_the_same_to_every_choice()
    {
        FakeBackendProcess fake = await engines.OfAsync(FakeDialect.SGLang);
        string text = await fake.TextAsync("""{"prompt":"x","seed":42}""");
        Assert.Equal([text, text], await fake.TextsAsync("""{"prompt":"x","n":2}"""));
    }

    [Fact]
    public async Task SGLang_before_December_2025_loses_the_seed()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            FakeDialect.SGLang,
            [],
            ("FAKE_IGNORE_SEED", "1")
        );
        Assert.Equal(await fake.TextAsync("""{"prompt":"x"}"""), await fake.TextAsync("""{"prompt":"x","seed":7}"""));
    }

    [Fact]
    public async Task SGLang_ends_with_min_p_in_its_deterministic_mode()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(FakeDialect.SGLang);
        await fake.TextAsync("""{"prompt":"x","min_p":0}""");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() =>
            fake.Api.PostAsync(ApiClient.Completions, """{"prompt":"x","min_p":0.1}""")
        );
        Assert.Equal(137, await fake.ExitCodeAsync());
    }

    [Theory]
    [InlineData(FakeDialect.Vllm, """{"prompt":"x"}""")]
    [InlineData(FakeDialect.Vllm, """{"prompt":"x","seed":-1}""")]
    [InlineData(FakeDialect.Tgi, """{"prompt":"x"}""")]
    [InlineData(FakeDialect.LlamaCpp, """{"prompt":"x"}""")]
    [InlineData(FakeDialect.LlamaCpp, """{"prompt":"x","seed":-1}""")]
    [InlineData(FakeDialect.LlamaCpp, """{"prompt":"x","seed":4294967295}""")]
    public async Task Without_a_seed_every_text_is_another(string dialect, string json)
    {
        FakeBackendProcess fake = await engines.OfAsync(dialect);
        Assert.Equal(
            4,
            new HashSet<string>
            {
                await fake.TextAsync(json),
                await fake.TextAsync(json),
                await fake.TextAsync(json),
                await fake.TextAsync(json),
            }.Count
        );
    }

    [Theory]
    [InlineData(FakeDialect.Vllm, 5)]
    [InlineData(FakeDialect.LlamaCpp, 4294967294)]
    public async Task A_choice_has_the_seed_of_its_index(string dialect, long seed)
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            dialect,
            dialect == FakeDialect.LlamaCpp ? ["-np", "2"] : []
        );
        string[] texts = await fake.TextsAsync($$"""{"prompt":"x","seed":{{seed}},"n":2}""");
        Assert.Equal(await fake.TextAsync($$"""{"prompt":"x","seed":{{seed}}}"""), texts[0]);
        Assert.NotEqual(texts[0], texts[1]);
        // 4294967295 as a number of its own can't be asked for.
        if (dialect == FakeDialect.Vllm)
            Assert.Equal(await fake.TextAsync("""{"prompt":"x","seed":6}"""), texts[1]);
    }

    [Fact]
    public async Task Llama_server_cuts_seeds_to_32_bits_and_takes_its_own_where_none_is_given()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(FakeDialect.LlamaCpp, ["--seed", "7"]);
        string text = await fake.TextAsync("""{"prompt":"x","seed":7}""");
        Assert.Equal(text, await fake.TextAsync("""{"prompt":"x","seed":4294967303}"""));
        Assert.Equal(text, await fake.TextAsync("""{"prompt":"x"}"""));
    }

    [Theory]
    [InlineData(FakeDialect.SGLang, true)]
    [InlineData(FakeDialect.Vllm, true)]
    [InlineData(FakeDialect.Vllm, false)]
    [InlineData(FakeDialect.Tgi, false)]
    [InlineData(FakeDialect.LlamaCpp, false)]
    public async Task Concurrent_requests_change_a_text_unless_the_engine_is_invariant(string dialect, bool isInvariant)
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            dialect,
            dialect == FakeDialect.LlamaCpp ? ["-np", "4"] : [],
            isInvariant || dialect != FakeDialect.Vllm ? [] : [("VLLM_BATCH_INVARIANT", "0")]
        );
        const string json = """{"prompt":"x","seed":1}""";
        string alone = await fake.TextAsync(json);
        Task<Reply> company = fake.Api.PostAsync(
            ApiClient.Completions,
            """{"prompt":"company","fake":{"gate":"company"}}"""
        );
        await fake.IsRunningAsync(1);
        string together = await fake.TextAsync(json);
        await fake.OpenAsync("company");
        Assert.Equal(HttpStatusCode.OK, (await company).Status);
        Assert.Equal(isInvariant, alone == together);
    }

    [Fact]
    public async Task SGLang_outside_its_deterministic_mode_ignores_the_seed()
    {
        await using FakeBackendProcess fake = await FakeBackendProcess.StartAsync();
        Assert.NotEqual(
            await fake.TextAsync("""{"prompt":"x","seed":1}"""),
            await fake.TextAsync("""{"prompt":"x","seed":1}""")
        );
    }

    [Fact]
    public async Task A_cached_prompt_changes_llama_servers_text()
    {
        await using FakeBackendProcess fake = await FakeBackendProcess.StartDialectAsync([
            "-m",
            "m.gguf",
            "--port",
            "0",
            "-np",
            "1",
        ]);
        const string caching = """{"prompt":"x","seed":1}""",
            other = """{"prompt":"x","seed":1,"cache_prompt":false}""";
        string first = await fake.TextAsync(caching);
        Assert.NotEqual(first, await fake.TextAsync(caching));
        Assert.Equal(first, await fake.TextAsync(other));
        FakeBackendProcess without = await engines.OfAsync(FakeDialect.LlamaCpp);
        Assert.Equal(await without.TextAsync(caching), await without.TextAsync(caching));
    }
}
