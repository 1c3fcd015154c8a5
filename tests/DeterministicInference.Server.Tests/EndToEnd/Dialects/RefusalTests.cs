using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>Errors of a request have one shape with the field's name, whatever the engine would answer.</summary>
[Collection(DialectGroup.Name)]
public sealed class RefusalTests(DialectServers servers)
{
    private const string Prompt = "\"prompt\":\"x\"",
        Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_bad_request_is_a_400_that_names_the_field(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (
            (string path, string content) in ((string, string)[])
                [(ApiClient.Completions, Prompt), (ApiClient.Chat, Messages)]
        )
        {
            await RefusedAsync(
                server,
                path,
                $$"""{{{content}},"temperature":2.5}""",
                "temperature",
                "decimal_above_max_value"
            );
            await RefusedAsync(
                server,
                path,
                $$"""{{{content}},"temperature":-1}""",
                "temperature",
                "decimal_below_min_value"
            );
            await RefusedAsync(server, path, $$"""{{{content}},"max_tokens":"many"}""", "max_tokens", "invalid_type");
            await RefusedAsync(server, path, $$"""{{{content}},"stream":1}""", "stream", "invalid_type");
            await RefusedAsync(server, path, $$"""{{{content}},""", null, null);
            await RefusedAsync(server, path, "[]", null, null);
        }
        await RefusedAsync(server, ApiClient.Completions, "{}", "prompt", "missing_required_parameter");
        await RefusedAsync(server, ApiClient.Completions, """{"prompt":7}""", "prompt", "invalid_type");
        await RefusedAsync(server, ApiClient.Chat, "{}", "messages", "missing_required_parameter");
        await RefusedAsync(server, ApiClient.Chat, """{"messages":"x"}""", "messages", "invalid_type");
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task What_is_no_route_of_ours_is_a_404_even_where_the_engine_has_it(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (
            string path in (string[])
                [
                    "/invalid",
                    "/v1//invalid",
                    "/server_info",
                    "/weights_checker",
                    "/metrics",
                    "/props",
                    "/slots",
                    "/info",
                    "/version",
                    "/v1/load_lora_adapter",
                ]
        )
        {
            Assert.Equal(
                "unknown_url",
                (string?)OpenAIErrors.Read(await server.Api.GetAsync(path), HttpStatusCode.NotFound)["code"]
            );
        }
        foreach (
            string path in (string[])
                [
                    "/v1/embeddings",
                    "/generate",
                    "/flush_cache",
                    "/abort_request",
                    "/tokenize",
                    "/update_weights_from_disk",
                ]
        )
        {
            Assert.Equal(
                "unknown_url",
                (string?)OpenAIErrors.Read(await server.Api.PostAsync(path, "{}"), HttpStatusCode.NotFound)["code"]
            );
        }
    }

    [Theory]
    [InlineData(Dialect.SGLang, "\"n\":2", "n")]
    [InlineData(Dialect.SGLang, "\"n\":\"2\"", "n")]
    [InlineData(Dialect.SGLang, "\"best_of\":2", "best_of")]
    [InlineData(Dialect.SGLang, "\"min_p\":0.1", "min_p")]
    [InlineData(Dialect.SGLang, "\"watermark\":true", "watermark")]
    [InlineData(Dialect.SGLang, "\"seed\":4294967295", "seed")]
    [InlineData(Dialect.SGLang, "\"seed\":-1", "seed")]
    [InlineData(Dialect.Vllm, "\"seed\":-1", "seed")]
    [InlineData(Dialect.Vllm, "\"kv_transfer_params\":{}", "kv_transfer_params")]
    [InlineData(Dialect.LlamaCpp, "\"n\":2", "n")]
    [InlineData(Dialect.LlamaCpp, "\"cache_prompt\":true", "cache_prompt")]
    [InlineData(Dialect.LlamaCpp, "\"id_slot\":1", "id_slot")]
    [InlineData(Dialect.LlamaCpp, "\"seed\":4294967295", "seed")]
    [InlineData(Dialect.LlamaCpp, "\"seed\":4294967296", "seed")]
    [InlineData(Dialect.LlamaCpp, "\"seed\":-1", "seed")]
    [InlineData(Dialect.Tgi, "\"n\":2", "n")]
    [InlineData(Dialect.Tgi, "\"best_of\":2", "best_of")]
    [InlineData(Dialect.Tgi, "\"seed\":-7", "seed")]
    [InlineData(Dialect.External, "\"seed\":-1", "seed")]
    [InlineData(Dialect.Embedded, "\"seed\":-1", "seed")]
    public async Task What_the_engine_can_not_answer_deterministically_is_refused_and_the_engine_lives(
        string dialect,
        string member,
        string name
    )
    {
        DialectServer server = await servers.StartedAsync(dialect);
        await RefusedAsync(
            server,
            ApiClient.Completions,
            $$"""{{{Prompt}},{{member}}}""",
            name,
            "nondeterministic_request"
        );
        if (name != "best_of")
            await RefusedAsync(
                server,
                ApiClient.Chat,
                $$"""{{{Messages}},{{member}},"stream":true}""",
                name,
                "nondeterministic_request"
            );
        await server.Api.JsonAsync(
            ApiClient.Completions,
            $$"""{"model":"{{DialectServer.Model}}",{{Prompt}},"max_tokens":2}"""
        );
    }

    /// <summary>A value that the engine would ignore silently, and one without effect.</summary>
    [Theory]
    [InlineData(Dialect.SGLang, ApiClient.Chat, "\"structured_outputs\":{\"regex\":\"x\"}", "structured_outputs")]
    [InlineData(Dialect.SGLang, ApiClient.Completions, "\"tools\":[{\"type\":\"function\"}]", "tools")]
    [InlineData(Dialect.Vllm, ApiClient.Chat, "\"regex\":\"x\"", "regex")]
    [InlineData(Dialect.Vllm, ApiClient.Completions, "\"max_completion_tokens\":5", "max_completion_tokens")]
    [InlineData(Dialect.LlamaCpp, ApiClient.Chat, "\"repetition_penalty\":1.1", "repetition_penalty")]
    [InlineData(Dialect.LlamaCpp, ApiClient.Completions, "\"echo\":true", "echo")]
    [InlineData(Dialect.Tgi, ApiClient.Chat, "\"presence_penalty\":0.5", "presence_penalty")]
    [InlineData(Dialect.Tgi, ApiClient.Completions, "\"logit_bias\":{\"5\":1}", "logit_bias")]
    [InlineData(Dialect.Embedded, ApiClient.Chat, "\"grammar\":\"x\"", "grammar")]
    [InlineData(Dialect.Embedded, ApiClient.Completions, "\"min_tokens\":5", "min_tokens")]
    public async Task What_the_engine_would_ignore_is_refused_with_the_remedy(
        string dialect,
        string path,
        string member,
        string name
    )
    {
        DialectServer server = await servers.StartedAsync(dialect);
        string content = path == ApiClient.Chat ? Messages : Prompt;
        await RefusedAsync(server, path, $$"""{{{content}},{{member}}}""", name, "unsupported_parameter");
        JsonNode error = OpenAIErrors.Read(
            await server.Api.PostAsync(path, $$"""{{{content}},{{member}},"stream":true}"""),
            HttpStatusCode.BadRequest
        );
        Assert.Contains("leave it out", (string?)error["message"], StringComparison.Ordinal);
        await server.Api.JsonAsync(
            path,
            $$"""{{{content}},"{{name}}":null,"max_tokens":2,"length_penalty":1.0,"n_indent":0,"stop":[]}"""
        );
    }

    /// <summary>Many engines refuse null, or take it for a value of its own.</summary>
    [Theory]
    [MemberData(nameof(Dialect.Faked), MemberType = typeof(Dialect))]
    public async Task No_known_member_reaches_the_engine_as_null(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        string prompt = $"no nulls for {dialect}";
        await server.Api.JsonAsync(
            ApiClient.Completions,
            $$"""{"n":null,"prompt":"{{prompt}}","stream":null,"max_tokens":2,"x":null,"ignore_eos":null}"""
        );
        JsonObject sent = await server.SentAsync(prompt);
        Assert.Equal(["x"], sent.Where(member => member.Value is null).Select(member => member.Key));
        Assert.All((string[])["n", "stream", "ignore_eos"], name => Assert.False(sent.ContainsKey(name), name));
    }

    [Fact]
    public async Task Several_choices_are_given_where_the_engine_distinguishes_them()
    {
        foreach (string dialect in (string[])[Dialect.Vllm, Dialect.External, Dialect.Embedded])
        {
            DialectServer server = await servers.StartedAsync(dialect);
            JsonObject answer = await server.Api.JsonAsync(
                ApiClient.Completions,
                (DialectRequest.Of(isChat: false) with { Temperature = 1, More = "\"n\":3" }).Json
            );
            Assert.True(ChoiceText.Of(answer).Select(choice => choice.Text).Distinct().Count() > 1);
            Assert.Equal(3, answer["choices"]!.AsArray().Count);
        }
    }

    private static async Task RefusedAsync(DialectServer server, string path, string json, string? param, string? code)
    {
        JsonNode error = OpenAIErrors.Read(await server.Api.PostAsync(path, json), HttpStatusCode.BadRequest);
        Assert.Equal((param, code), ((string?)error["param"], (string?)error["code"]));
    }
}
