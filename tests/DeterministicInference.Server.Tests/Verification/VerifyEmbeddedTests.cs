using System.Text;
using DeterministicInference.Receipts.Environments;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>Receipts of <c>serve --backend embedded</c>, verified and computed again.</summary>
public sealed class VerifyEmbeddedTests(SharedServers shared)
{
    private const string France =
        """{"model":"gpt","messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":12}""";

    [Theory]
    [InlineData(ApiClient.Chat, France)]
    [InlineData(
        ApiClient.Chat,
        """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":6,"n":3,"temperature":"1.5","seed":"""
            + """7,"logprobs":true,"top_logprobs":2}"""
    )]
    [InlineData(
        ApiClient.Chat,
        """{"messages":[{"role":"user","content":"Hello"}],"max_tokens":6,"n":2,"temperature":1,"stream":"""
            + """true,"stream_options":{"include_usage":true}}"""
    )]
    [InlineData(ApiClient.Completions, """{"prompt":["one","two"],"max_tokens":5,"seed":3,"logprobs":1,"n":2}""")]
    [InlineData(
        ApiClient.Completions,
        """{"prompt":["one","two"],"max_tokens":5,"n":2,"temperature":2,"stream":"true","return_token_ids":true}"""
    )]
    public async Task The_same_server_computes_the_answer_again(string path, string request)
    {
        ServeProcess server = await shared.ChatAsync();
        RecordedExchange exchange = await RecordedExchange.AskAsync(server.Api, request, path);
        Verified verified = await exchange.VerifyAsync("--against", server.Url);
        verified
            .Is(0, "REPRODUCED", "the same environment gives the same answer")
            .Has("request", "ok")
            .Has("output", "ok")
            .Has("trail", "ok")
            .Has("replay", "1 answer");
        Assert.Null(verified.Json["replay"]!["note"]);
        if (!request.Contains("return_token_ids", StringComparison.Ordinal))
            return;
        Assert.Equal(("passed", "passed"), (verified.Check("tokens"), verified.Check("prompt")));
    }

    [Fact]
    public async Task JSON_and_stream_are_computed_again_in_each_other_s_delivery()
    {
        ServeProcess server = await shared.ChatAsync();
        RecordedExchange json = await RecordedExchange.AskAsync(server.Api, France),
            sse = await RecordedExchange.AskAsync(server.Api, France[..^1] + ",\"stream\":true}");
        (await json.VerifyAsync("--against", server.Url, "--delivery", "sse"))
            .Is(0, "REPRODUCED", "")
            .Has("replay", "1 answer, sse");
        (await sse.VerifyAsync("--against", server.Url, "--delivery", "json"))
            .Is(0, "REPRODUCED", "")
            .Has("replay", "1 answer, json");
    }

    [Fact]
    public async Task Another_machine_with_the_same_weights_computes_it_again()
    {
        RecordedExchange exchange = await RecordedExchange.AskAsync((await shared.ChatAsync()).Api, France);
        await using ServeProcess other = await ServeProcess.EmbeddedAsync(
            TestModels.Chat,
            "--",
            "--threads",
            "1",
            "--prefill-chunk",
            "3"
        );
        (await exchange.VerifyAsync("--against", other.Url)).Is(
            0,
            "REPRODUCED",
            "the same environment gives the same answer"
        );
    }

    [Fact]
    public async Task Other_weights_are_another_environment()
    {
        ServeProcess server = await shared.ChatAsync();
        RecordedExchange exchange = await RecordedExchange.AskAsync(server.Api, France);
        string bundle = await exchange.ExportAsync("--url", server.Url);
        await using ServeProcess other = await ServeProcess.EmbeddedAsync(TestModels.Scripted);
        Verified verified = await RecordedExchange.VerifyAsync(
            bundle,
            "--key",
            exchange.KeyFile,
            "--against",
            other.Url
        );
        verified
            .Is(12, "INCONCLUSIVE", "the environments differ in model.sha256")
            .Has("inclusion", "ok")
            .Has("environment", "ok")
            .Has("differing fact", "model.sha256");
        // Without the document of the receipt's environment only the model is known to differ.
        (await exchange.VerifyAsync("--against", other.Url))
            .Is(12, "INCONCLUSIVE", "the environments differ")
            .Has("differing fact", "model.sha256")
            .Has("note", "receipts export --url");
        // Its own server has it; one that is away costs no verdict.
        (await exchange.VerifyAsync("--against", other.Url, "--issuer", server.Url))
            .Is(12, "INCONCLUSIVE", "the environments differ in model.sha256")
            .Has("differing fact", "model.sha256");
        (await exchange.VerifyAsync("--against", other.Url, "--issuer", "http://127.0.0.1:9"))
            .Is(12, "INCONCLUSIVE", "the environments differ")
            .Has("note", "receipts export --url");
        (await RecordedExchange.VerifyAsync(bundle, "--key", exchange.KeyFile, "--against", server.Url)).Is(
            0,
            "REPRODUCED",
            ""
        );
    }

    /// <summary>The negative control: an operator who signs another answer than his environment gives.</summary>
    [Fact]
    public async Task A_false_statement_is_contradicted_at_its_token()
    {
        ServeProcess server = await shared.ChatAsync();
        await using IssuingServer liar = await IssuingServer.StartAsync();
        liar.Environment = EnvironmentDocument.Read(
            Encoding.UTF8.GetBytes((await server.Api.GetAsync("/v1/environment")).Body)
        );
        string request =
            France.Replace("gpt", "tiny", StringComparison.Ordinal)[..^1]
            + ",\"seed\":42,\"temperature\":0,\"return_token_ids\":true}";
        (uint Id, string Text)[] truth = await TokensAsync(server.Api, request);
        uint[] prompt = await PromptAsync(server.Api, request);
        ScriptedAnswer honest = new()
        {
            Tokens = truth,
            Prompt = prompt,
            Finish = await FinishAsync(server.Api, request),
        };
        liar.Script = _ => honest.With(2, truth[3].Id, truth[3].Text);

        RecordedExchange exchange = await RecordedExchange.AskAsync(liar, request);
        Verified verified = await exchange.VerifyAsync("--against", server.Url);
        verified
            .Is(10, "CONTRADICTED", "the same environment differs at token 2 of choice 0")
            .Has("in the receipt", $"token id {truth[3].Id}")
            .Has("in the replay", $"token id {truth[2].Id}");

        liar.Script = _ => honest;
        (await (await RecordedExchange.AskAsync(liar, request)).VerifyAsync("--against", server.Url)).Is(
            0,
            "REPRODUCED",
            ""
        );
    }

    [Fact]
    public async Task By_reference_the_receipt_is_fetched_and_with_a_key_the_server_lets_verify_in()
    {
        await using ServeProcess server = await ServeProcess.EmbeddedAsync(
            TestModels.Chat,
            "--receipts",
            "reference",
            "--api-key",
            "k1"
        );
        server.Api.Http.DefaultRequestHeaders.Add("Authorization", "Bearer k1");
        RecordedExchange exchange = await RecordedExchange.AskAsync(server.Api, France);
        (await exchange.VerifyAsync("--against", server.Url, "--api-key", "k1")).Is(0, "REPRODUCED", "");
        (await exchange.VerifyAsync("--against", server.Url, "--api-key", "k2")).Is(
            15,
            "UNREACHABLE",
            "it answers 401"
        );
        (
            await RecordedExchange.VerifyAsync(
                await exchange.ExportAsync("--url", server.Url, "--api-key", "k1"),
                "--key",
                exchange.KeyFile
            )
        )
            .Is(0, "VALID", "")
            .Has("inclusion", "ok")
            .Has("output", "ok");
    }

    private static async Task<(uint Id, string Text)[]> TokensAsync(ApiClient api, string request)
    {
        var choice = (await api.JsonAsync(ApiClient.Chat, request[..^1] + ",\"logprobs\":true}"))["choices"]![0]!;
        return
        [
            .. choice["token_ids"]!
                .AsArray()
                .Zip(choice["logprobs"]!["content"]!.AsArray(), (id, entry) => ((uint)id!, (string)entry!["token"]!)),
        ];
    }

    private static async Task<uint[]> PromptAsync(ApiClient api, string request) =>
        [.. (await api.JsonAsync(ApiClient.Chat, request))["prompt_token_ids"]!.AsArray().Select(id => (uint)id!)];

    private static async Task<string> FinishAsync(ApiClient api, string request) =>
        (string)(await api.JsonAsync(ApiClient.Chat, request))["choices"]![0]!["finish_reason"]!;
}
