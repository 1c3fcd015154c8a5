using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>What a stream consists of, event by event.</summary>
public sealed class StreamTests(SharedEngines engines)
{
    private const string Hi = """
        "messages":[{"role":"user","content":"hi"}],"stream":true
        """;

    [Fact]
    public async Task A_chat_stream_is_the_role_then_content_then_the_reason()
    {
        ApiClient api = await engines.ScriptedAsync();
        using EventStream stream = await api.OpenAsync(ApiClient.Chat, $$"""{{{Hi}}}""");
        Assert.Equal("no-cache", stream.Response.Headers.CacheControl!.ToString());
        Assert.Equal("no", Assert.Single(stream.Response.Headers.GetValues("X-Accel-Buffering")));
        Assert.StartsWith(
            "req_",
            Assert.Single(stream.Response.Headers.GetValues("x-request-id")),
            StringComparison.Ordinal
        );
        Assert.Null(stream.Response.Content.Headers.ContentLength);
        IReadOnlyList<JsonObject> chunks = await stream.ReadToEndAsync();

        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", (string?)chunk["object"]));
        Assert.All(chunks, chunk => Assert.Single(chunk["choices"]!.AsArray()));
        Assert.All(chunks, chunk => Assert.False(chunk.ContainsKey("usage")));
        Assert.Equal(
            """{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":"""
                + """null}""",
            Choice(chunks[0])
        );
        Assert.Equal("""{"index":0,"delta":{"content":"b"},"logprobs":null,"finish_reason":null}""", Choice(chunks[1]));
        Assert.Equal("""{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}""", Choice(chunks[^1]));
        Assert.All(chunks.SkipLast(1), chunk => Assert.Null(chunk["choices"]![0]!["finish_reason"]));
        Assert.Equal(ScriptedModel.Script, ChoiceText.Of(chunks)[0].Text);
    }

    [Fact]
    public async Task Usage_is_null_on_every_chunk_but_a_last_one_without_choices()
    {
        ApiClient api = await engines.ScriptedAsync();
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(
            ApiClient.Chat,
            $$$"""{{{{Hi}}},"stream_options":{"include_usage":true}}"""
        );
        Assert.All(chunks.SkipLast(1), chunk => Assert.True(chunk.ContainsKey("usage") && chunk["usage"] is null));
        Assert.Empty(chunks[^1]["choices"]!.AsArray());
        // <|bos|><|user|>hi<|end|><|assistant|> and the script with its end token.
        Assert.Equal(
            """{"prompt_tokens":6,"completion_tokens":16,"total_tokens":22}""",
            chunks[^1]["usage"]!.ToJsonString()
        );
    }

    [Fact]
    public async Task A_completion_stream_carries_the_reason_with_the_last_text()
    {
        ApiClient api = await engines.ScriptedAsync();
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(
            ApiClient.Completions,
            """{"prompt":"a","max_tokens":3,"stream":true}"""
        );
        Assert.All(chunks, chunk => Assert.Equal("text_completion", (string?)chunk["object"]));
        Assert.Equal(
            [
                """{"index":0,"text":"b","logprobs":null,"finish_reason":null}""",
                """{"index":0,"text":"c","logprobs":null,"finish_reason":null}""",
                """{"index":0,"text":"d","logprobs":null,"finish_reason":"length"}""",
            ],
            chunks.Select(Choice)
        );
    }

    [Fact]
    public async Task A_character_of_several_tokens_comes_whole()
    {
        ApiClient api = await engines.ScriptedAsync();
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(
            ApiClient.Completions,
            """{"prompt":"d","max_tokens":6,"stream":true}"""
        );
        Assert.Equal(["e", "\U0001F600", "f"], chunks.Select(Text));
    }

    [Fact]
    public async Task A_character_that_is_cut_by_the_limit_becomes_the_replacement_character()
    {
        ApiClient api = await engines.ScriptedAsync();
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(
            ApiClient.Completions,
            """{"prompt":"d","max_tokens":3,"stream":true}"""
        );
        Assert.Equal("e\uFFFD", ChoiceText.Of(chunks)[0].Text);
        Assert.Equal(
            ChoiceText.Of(await api.JsonAsync(ApiClient.Completions, """{"prompt":"d","max_tokens":3}""")),
            ChoiceText.Of(chunks)
        );
    }

    [Fact]
    public async Task What_may_become_a_stop_text_is_held_back_until_it_is_certain()
    {
        ApiClient api = await engines.ScriptedAsync();
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(
            ApiClient.Completions,
            """{"prompt":"f","max_tokens":5,"stop":["hijX"],"stream":true}"""
        );
        Assert.Equal(["g", "hijk"], chunks.Select(Text));
        Assert.Equal("length", ChoiceText.Of(chunks)[0].Finish);
    }

    [Fact]
    public async Task Held_back_text_leaves_with_the_reason_when_the_limit_comes_first()
    {
        ApiClient api = await engines.ScriptedAsync();
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(
            ApiClient.Completions,
            """{"prompt":"f","max_tokens":4,"stop":["hijX"],"stream":true}"""
        );
        Assert.Equal(["g", "hij"], chunks.Select(Text));
    }

    [Theory]
    [InlineData("\"ij\"", "gh", 4)] // over two tokens
    [InlineData("\"mn\"", "ghijkl", 6)] // inside one token
    [InlineData("[\"zz\",\"k\",\"ijk\"]", "gh", 5)] // the one that begins first
    public async Task A_stop_text_ends_the_answer_before_itself(string stop, string text, int tokens)
    {
        ApiClient api = await engines.ScriptedAsync();
        string body = $$"""{"prompt":"f","max_tokens":20,"stop":{{stop}}""";
        JsonObject answer = await api.JsonAsync(ApiClient.Completions, body + "}");
        ChoiceText choice = Assert.Single(ChoiceText.Of(answer));
        Assert.Equal((text, "stop"), (choice.Text, choice.Finish));
        Assert.Equal(tokens, (int)answer["usage"]!["completion_tokens"]!);
        Assert.Equal(
            [choice],
            ChoiceText.Of(await api.StreamAsync(ApiClient.Completions, body + ""","stream":true}"""))
        );
    }

    [Theory]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a\",\"max_tokens\":20")]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a\",\"max_tokens\":6")]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a\",\"max_tokens\":20,\"stop\":\"ijk\"")]
    [InlineData(ApiClient.Completions, "\"prompt\":[\"a\",\"f\"],\"max_tokens\":3,\"n\":2")]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"n\":2")]
    public async Task A_stream_reports_the_same_token_ids_as_the_JSON_answer(string path, string fields)
    {
        ApiClient api = await engines.ScriptedAsync();
        string body = $$"""{{{fields}},"return_token_ids":true""";
        JsonObject answer = await api.JsonAsync(path, body + "}");
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(path, body + ""","stream":true}""");
        Assert.Equal(ChoiceText.Of(answer), ChoiceText.Of(chunks));
        Assert.All(ChoiceText.Of(answer), choice => Assert.NotEmpty(choice.TokenIds));
        // A chat stream says it with every choice, for the same prompt.
        string[] streamed = [.. chunks.OrderBy(chunk => (int)chunk["choices"]![0]!["index"]!).SelectMany(PromptIds)];
        Assert.Equal(PromptIds(answer), path == ApiClient.Chat ? streamed.Distinct() : streamed);
    }

    [Fact]
    public async Task Log_probabilities_come_with_their_tokens()
    {
        ApiClient api = await engines.ScriptedAsync();
        string body = $$$"""{{{{Hi}}},"logprobs":true,"top_logprobs":2,"max_tokens":6""";
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(ApiClient.Chat, body + "}");
        JsonNode[] streamed =
        [
            .. chunks
                .Select(chunk => chunk["choices"]![0]!["logprobs"])
                .OfType<JsonNode>()
                .SelectMany(logprobs => logprobs["content"]!.AsArray())
                .OfType<JsonNode>(),
        ];
        JsonObject answer = await api.JsonAsync(
            ApiClient.Chat,
            body.Replace("\"stream\":true", "\"stream\":false", StringComparison.Ordinal) + "}"
        );
        JsonArray whole = answer["choices"]![0]!["logprobs"]!["content"]!.AsArray();
        Assert.Equal(
            whole.Select(position => position!.ToJsonString()),
            streamed.Select(position => position.ToJsonString())
        );

        Assert.Equal(
            ["b", "c", "d", "e", "bytes:\\xf0", "bytes:\\x9f"],
            whole.Select(position => (string)position!["token"]!)
        );
        Assert.Equal("[240]", whole[4]!["bytes"]!.ToJsonString());
        Assert.All(whole, position => Assert.Equal(2, position!["top_logprobs"]!.AsArray().Count));
        Assert.All(whole, position => Assert.InRange((double)position!["logprob"]!, -0.001, 0));
    }

    [Fact]
    public async Task Choices_of_one_stream_are_distinguished_by_index()
    {
        ApiClient api = await engines.ScriptedAsync();
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(
            ApiClient.Chat,
            $$$"""{{{{Hi}}},"n":3,"max_tokens":4}"""
        );
        Assert.Equal([0, 1, 2], chunks.Select(chunk => (int)chunk["choices"]![0]!["index"]!).Distinct().Order());
        Assert.Equal(3, chunks.Count(chunk => (string?)chunk["choices"]![0]!["delta"]!["role"] == "assistant"));
        Assert.Equal(Enumerable.Repeat("bcde", 3), ChoiceText.Of(chunks).Select(choice => choice.Text));
    }

    private static string Choice(JsonObject chunk) => Assert.Single(chunk["choices"]!.AsArray())!.ToJsonString();

    private static string Text(JsonObject chunk) => ChoiceText.TextOf(chunk["choices"]![0]!);

    private static IEnumerable<string> PromptIds(JsonObject part) =>
        part["choices"]!
            .AsArray()
            .Append(part)
            .Select(holder => holder!["prompt_token_ids"]?.ToJsonString())
            .OfType<string>();
}
