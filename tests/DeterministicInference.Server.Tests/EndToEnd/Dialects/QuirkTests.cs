using System.Net;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>What is changed in requests and answers for the sake of one engine, as the engine gets it.</summary>
[Collection(DialectGroup.Name)]
public sealed class QuirkTests(DialectServers servers)
{
    /// <summary>Each in all of its numbers: a list of ids has at least one.</summary>
    private static readonly string[] TokenIds = ["token_ids\":[", "input_ids\":[", "output_ids\":[[", "\"sglext\""];

    [Theory]
    [InlineData(
        Dialect.SGLang,
        """{"temperature":1,"top_p":1,"top_k":-1,"min_p":0,"repetition_penalty":1,"seed":42}"""
    )]
    [InlineData(Dialect.Vllm, """{"seed":42}""")]
    [InlineData(
        Dialect.LlamaCpp,
        """{"temperature":1,"top_p":1,"top_k":0,"min_p":0,"repeat_penalty":1,"mirostat":0,"xtc_probability":0"""
            + ""","cache_prompt":false,"max_tokens":16,"seed":42}"""
    )]
    [InlineData(Dialect.Tgi, """{"seed":42}""")]
    [InlineData(Dialect.External, """{"seed":42}""")]
    public async Task What_a_request_leaves_out_is_what_the_API_says(string dialect, string expected)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        await server.Api.JsonAsync(ApiClient.Completions, """{"prompt":"left out"}""");
        JsonObject sent = await server.SentAsync("left out");
        string[] own = ["prompt", "model", "return_token_ids"];
        Assert.Equal(
            expected,
            new JsonObject(
                sent.Where(member => !own.Contains(member.Key))
                    .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
            ).ToJsonString()
        );
    }

    [Theory]
    [InlineData(Dialect.SGLang, "any/name", DialectServer.Model)]
    [InlineData(Dialect.SGLang, "name:0.5b", DialectServer.Model)]
    [InlineData(Dialect.Vllm, "any/name", DialectServer.Model)]
    [InlineData(Dialect.LlamaCpp, "any/name", DialectServer.Model)]
    [InlineData(Dialect.Tgi, "any/name", DialectServer.Model)]
    [InlineData(Dialect.External, "any/name", DialectServer.Model)]
    [InlineData(Dialect.Embedded, "any/name", DialectServer.Model)]
    public async Task Any_name_of_a_model_is_the_one_that_is_served(string dialect, string given, string answered)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (string model in (string[])[$"\"model\":\"{given}\",", ""])
        {
            JsonObject answer = await server.Api.JsonAsync(
                ApiClient.Completions,
                $$"""{{{model}}"prompt":"x","max_tokens":2}"""
            );
            Assert.Equal(model.Length > 0 ? answered : DialectServer.Model, (string?)answer["model"]);
        }
    }

    [Theory]
    [InlineData("\"stop\":\"q\"", "stop", "[\"q\"]")]
    [InlineData("\"stop\":[\"q\"]", "stop", "[\"q\"]")]
    [InlineData("\"top_p\":1", "top_p", "null")]
    [InlineData("\"top_p\":\"1.0\"", "top_p", "null")]
    [InlineData("\"top_p\":0.5", "top_p", "0.5")]
    [InlineData("\"presence_penalty\":0", "presence_penalty", "null")]
    [InlineData("\"presence_penalty\":\"0.0\"", "presence_penalty", "null")]
    public async Task TGI_gets_what_it_would_refuse_in_its_own_spelling(string member, string name, string expected)
    {
        DialectServer server = await servers.StartedAsync(Dialect.Tgi);
        string prompt = $"spelled {member.Replace("\"", "'", StringComparison.Ordinal)}";
        foreach (string path in (string[])[ApiClient.Completions, ApiClient.Chat])
        {
            string content =
                path == ApiClient.Chat
                    ? $$"""{"messages":[{"role":"user","content":"c {{prompt}}"}]"""
                    : $$"""{"prompt":"p {{prompt}}" """;
            await server.Api.JsonAsync(path, $$"""{{content}},{{member}},"max_tokens":2}""");
            JsonObject sent = await server.SentAsync($"{(path == ApiClient.Chat ? 'c' : 'p')} {prompt}");
            Assert.Equal(expected, sent[name]?.ToJsonString() ?? "null");
        }
    }

    [Theory]
    [MemberData(nameof(Dialect.All), MemberType = typeof(Dialect))]
    public async Task Token_ids_are_sent_only_if_they_are_requested(string dialect)
    {
        DialectServer server = await servers.StartedAsync(dialect);
        foreach (bool isChat in (bool[])[false, true])
        {
            var request = DialectRequest.Of(isChat, dialect);
            foreach (string json in (string[])[request.Json, request.Stream])
            {
                Reply reply = await server.Api.PostAsync(request.Path, json);
                Assert.Equal(HttpStatusCode.OK, reply.Status);
                Assert.All(TokenIds, name => Assert.DoesNotContain(name, reply.Body, StringComparison.Ordinal));
            }
        }
        if (dialect is Dialect.LlamaCpp or Dialect.Tgi)
            return;
        DialectRequest asking = DialectRequest.Of(isChat: false) with { More = "\"return_token_ids\":true" };
        foreach (string json in (string[])[asking.Json, asking.Stream])
        {
            Assert.Contains(
                "\"token_ids\":[",
                (await server.Api.PostAsync(asking.Path, json)).Body,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task A_client_that_requests_a_chats_output_ids_from_SGLang_gets_them()
    {
        DialectServer server = await servers.StartedAsync(Dialect.SGLang);
        DialectRequest request = DialectRequest.Of(isChat: true) with { More = "\"return_output_ids_in_sglext\":true" };
        Assert.Contains(
            "\"output_ids\":[[",
            (await server.Api.PostAsync(request.Path, request.Stream)).Body,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task SGLang_is_asked_for_the_ids_of_a_chats_stream_by_the_names_that_it_takes_there()
    {
        DialectServer server = await servers.StartedAsync(Dialect.SGLang);
        await server.Api.JsonAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"as JSON"}],"max_tokens":2}"""
        );
        Assert.Equal((true, null), Asked(await server.SentAsync("as JSON")));
        await server.Api.StreamAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"in events"}],"max_tokens":2,"stream":true}"""
        );
        Assert.Equal((null, true), Asked(await server.SentAsync("in events")));

        static (bool?, bool?) Asked(JsonObject sent) =>
            ((bool?)sent["return_token_ids"], (bool?)sent["return_output_ids_in_sglext"]);
    }

    [Fact]
    public async Task Llama_server_gets_no_name_of_a_conversation_that_would_outlive_its_client()
    {
        DialectServer server = await servers.StartedAsync(Dialect.LlamaCpp);
        using HttpRequestMessage request = ApiClient.Post(
            ApiClient.Completions,
            """{"prompt":"conversation","max_tokens":2}"""
        );
        request.Headers.Add("X-Conversation-Id", "c1");
        Assert.Equal(HttpStatusCode.OK, (await server.Api.SendAsync(request)).Status);
        JsonNode sent = Assert.Single(
            JsonNode.Parse((await server.Engine.GetAsync("/__fake/requests")).Body)!.AsArray(),
            one => ((string)one!["body"]!).Contains("conversation", StringComparison.Ordinal)
        )!;
        Assert.DoesNotContain("x-conversation-id", sent["headers"]!.AsObject().Select(header => header.Key));
    }
}
