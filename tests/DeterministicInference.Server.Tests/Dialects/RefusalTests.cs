using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.Server.Tests.EndToEnd;
using Xunit;

namespace DeterministicInference.Server.Tests.Dialects;

/// <summary>What is wrong with a request is told in one shape, with the field's name, whatever the engine would have said.</summary>
[Collection(DialectGroup.Name)]
public sealed class RefusalTests(DialectServers servers)
{
    private const string Prompt = "\"prompt\":\"x\"", Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]";

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task A_bad_request_is_a_400_that_names_the_field(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach ((string path, string content) in ((string, string)[])[(ApiClient.Completions, Prompt), (ApiClient.Chat, Messages)])
        {
            await RefusedAsync(server, path, $$"""{{{content}},"temperature":2.5}""", "temperature", "decimal_above_max_value");
            await RefusedAsync(server, path, $$"""{{{content}},"temperature":-1}""", "temperature", "decimal_below_min_value");
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
        foreach (string path in (string[])["/invalid", "/v1//invalid", "/server_info", "/weights_checker", "/metrics", "/props", "/slots", "/info", "/version", "/v1/load_lora_adapter"])
        {
            Assert.Equal("unknown_url", (string?)OpenAIErrors.Read(await server.Api.GetAsync(path), HttpStatusCode.NotFound)["code"]);
        }
        foreach (string path in (string[])["/v1/embeddings", "/generate", "/flush_cache", "/abort_request", "/tokenize", "/update_weights_from_disk"])
        {
            Assert.Equal("unknown_url", (string?)OpenAIErrors.Read(await server.Api.PostAsync(path, "{}"), HttpStatusCode.NotFound)["code"]);
        }
    }

    [Theory]
    [InlineData(Dialect.SGLang, "\"n\":2", "n")]
    [InlineData(Dialect.SGLang, "\"n\":\"2\"", "n")]
    [InlineData(Dialect.SGLang, "\"best_of\":2", "best_of")]
    [InlineData(Dialect.SGLang, "\"min_p\":0.1", "min_p")]
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
    public async Task What_the_engine_can_not_answer_deterministically_is_refused_and_the_engine_lives(string dialect, string member, string name)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        await RefusedAsync(server, ApiClient.Completions, $$"""{{{Prompt}},{{member}}}""", name, "nondeterministic_request");
        if (name != "best_of") await RefusedAsync(server, ApiClient.Chat, $$"""{{{Messages}},{{member}},"stream":true}""", name, "nondeterministic_request");
        await server.Api.JsonAsync(ApiClient.Completions, $$"""{"model":"{{DialectServer.Model}}",{{Prompt}},"max_tokens":2}""");
    }

    [Fact]
    public async Task Several_choices_are_given_where_the_engine_tells_them_apart()
    {
        foreach (string dialect in (string[])[Dialect.Vllm, Dialect.External, Dialect.Embedded])
        {
            DialectServer server = await servers.StartedAsync(dialect);
            JsonObject answer = await server.Api.JsonAsync(ApiClient.Completions, (DialectRequest.Of(isChat: false) with { Temperature = 1, More = "\"n\":3" }).Json);
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
