using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>The fields of <c>/v1/completions</c> that chat does not have, and the envelope of both.</summary>
public sealed class CompletionTests(SharedEngines engines)
{
    [Fact]
    public async Task An_answer_has_the_documented_members()
    {
        ApiClient api = await engines.ScriptedAsync();
        JsonObject answer = await api.JsonAsync(
            ApiClient.Completions,
            """{"model":"any","prompt":"a","max_tokens":3}"""
        );
        Assert.Equal(
            ["id", "object", "created", "model", "system_fingerprint", "choices", "usage"],
            answer.Select(member => member.Key)
        );
        Assert.StartsWith("cmpl-", (string?)answer["id"], StringComparison.Ordinal);
        Assert.Equal("scripted", (string?)answer["model"]);
        Assert.Equal("dis-numerics-2", (string?)answer["system_fingerprint"]);
        Assert.Equal(
            """[{"index":0,"text":"bcd","logprobs":null,"finish_reason":"length"}]""",
            answer["choices"]!.ToJsonString()
        );
        Assert.Equal("""{"prompt_tokens":1,"completion_tokens":3,"total_tokens":4}""", answer["usage"]!.ToJsonString());
    }

    [Fact]
    public async Task A_chat_answer_has_the_documented_members()
    {
        ApiClient api = await engines.ScriptedAsync();
        JsonObject answer = await api.JsonAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":[{"type":"text","text":"h"},"""
                + """{"type":"text","text":"i"}]}],"max_completion_tokens":2}"""
        );
        Assert.StartsWith("chatcmpl-", (string?)answer["id"], StringComparison.Ordinal);
        Assert.Equal("chat.completion", (string?)answer["object"]);
        Assert.Equal(
            """[{"index":0,"message":{"role":"assistant","content":"bc","refusal":null},"logprobs":"""
                + """null,"finish_reason":"length"}]""",
            answer["choices"]!.ToJsonString()
        );
        Assert.Equal(7, (int)answer["usage"]!["prompt_tokens"]!);
    }

    /// <summary>As vLLM joins them: by a newline, and without empty ones.</summary>
    [Theory]
    [InlineData("Hi|there", "Hi\\nthere")]
    [InlineData("Hi||there", "Hi\\nthere")]
    [InlineData("|Hi|", "Hi")]
    [InlineData("Hi\\n|\\nthere", "Hi\\n\\n\\nthere")]
    [InlineData(" | ", " \\n ")]
    [InlineData("|", "")]
    public async Task Text_parts_of_a_message_are_the_text_with_newlines_between_them(string parts, string text)
    {
        ApiClient api = await engines.ScriptedAsync();
        string many = string.Join(',', parts.Split('|').Select(part => $$"""{"type":"text","text":"{{part}}"}"""));
        foreach (string role in (string[])["system", "user", "assistant"])
        {
            Assert.Equal(await PromptAsync(role, $"\"{text}\""), await PromptAsync(role, $"[{many}]"));
        }

        async Task<string> PromptAsync(string role, string content) =>
            (
                await api.JsonAsync(
                    ApiClient.Chat,
                    $$"""{"messages":[{"role":"{{role}}","content":{{content}}}],"max_tokens":1,"return_token_ids":true}"""
                )
            )["prompt_token_ids"]!.ToJsonString();
    }

    [Fact]
    public async Task Sixteen_tokens_are_the_default_of_completions_and_none_of_chat()
    {
        ApiClient api = await engines.ScriptedAsync();
        JsonObject completion = await api.JsonAsync(ApiClient.Completions, """{"prompt":"a","ignore_eos":true}""");
        Assert.Equal(16, (int)completion["usage"]!["completion_tokens"]!);
        JsonObject chat = await api.JsonAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"hi"}],"ignore_eos":true}"""
        );
        Assert.Equal(ScriptedModel.MaxPositions, (int)chat["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task Null_is_the_same_as_absent()
    {
        ApiClient api = await engines.ScriptedAsync();
        JsonObject answer = await api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":"a","model":null,"max_tokens":null,"n":null,"stop":null,"seed":null,"temperature":"""
                + """null,"top_p":null,"logit_bias":null,"logprobs":null,"echo":null,"stream":"""
                + """null,"stream_options":null,"suffix":null,"best_of":null,"user":null,"unknown":{"x":1}}"""
        );
        Assert.Equal(ScriptedModel.Script, ChoiceText.Of(answer)[0].Text);
    }

    [Theory]
    [InlineData("\"a\"", "bc")]
    [InlineData("[\"a\"]", "bc")]
    [InlineData("[102]", "bc")] // token id of 'a'
    [InlineData("[[102],[107]]", "bc gh")]
    [InlineData("[\"a\",\"f\",[108]]", "bc gh hi")]
    public async Task Every_form_of_prompt_is_understood(string prompt, string texts)
    {
        ApiClient api = await engines.ScriptedAsync();
        string body = $$"""{"prompt":{{prompt}},"max_tokens":2""";
        JsonObject answer = await api.JsonAsync(ApiClient.Completions, body + "}");
        Assert.Equal(texts, string.Join(' ', ChoiceText.Of(answer).Select(choice => choice.Text)));
        Assert.Equal(
            Enumerable.Range(0, answer["choices"]!.AsArray().Count),
            answer["choices"]!.AsArray().Select(choice => (int)choice!["index"]!)
        );
        Assert.Equal(
            ChoiceText.Of(answer),
            ChoiceText.Of(await api.StreamAsync(ApiClient.Completions, body + ""","stream":true}"""))
        );
    }

    [Fact]
    public async Task Choices_are_numbered_prompt_by_prompt()
    {
        ApiClient api = await engines.ScriptedAsync();
        JsonObject answer = await api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":["a","f"],"n":2,"best_of":2,"max_tokens":1}"""
        );
        Assert.Equal(["b", "b", "g", "g"], ChoiceText.Of(answer).Select(choice => choice.Text));
        Assert.Equal("""{"prompt_tokens":2,"completion_tokens":4,"total_tokens":6}""", answer["usage"]!.ToJsonString());
    }

    [Fact]
    public async Task Echo_puts_the_prompt_before_the_text()
    {
        ApiClient api = await engines.ScriptedAsync();
        const string body = """{"prompt":["ab","f"],"echo":true,"max_tokens":2""";
        JsonObject answer = await api.JsonAsync(ApiClient.Completions, body + "}");
        Assert.Equal(["abcd", "fgh"], ChoiceText.Of(answer).Select(choice => choice.Text));
        Assert.Equal(
            ChoiceText.Of(answer),
            ChoiceText.Of(await api.StreamAsync(ApiClient.Completions, body + ""","stream":true}"""))
        );
    }

    [Fact]
    public async Task Echo_without_tokens_scores_the_prompt()
    {
        ApiClient api = await engines.ScriptedAsync();
        const string body = """{"prompt":"abx","echo":true,"max_tokens":0,"logprobs":1""";
        JsonObject answer = await api.JsonAsync(ApiClient.Completions, body + "}");
        JsonNode choice = Assert.Single(answer["choices"]!.AsArray())!;
        Assert.Equal(("abx", "length"), ((string?)choice["text"], (string?)choice["finish_reason"]));
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);

        JsonNode logprobs = choice["logprobs"]!;
        Assert.Equal("""["a","b","x"]""", logprobs["tokens"]!.ToJsonString());
        Assert.Equal("[0,1,2]", logprobs["text_offset"]!.ToJsonString());
        JsonArray scores = logprobs["token_logprobs"]!.AsArray(),
            top = logprobs["top_logprobs"]!.AsArray();
        // Nothing predicts the first token; b follows a almost surely; x after b comes as a surprise.
        Assert.Null(scores[0]);
        Assert.InRange((double)scores[1]!, -0.001, 0);
        Assert.InRange((double)scores[2]!, -17, -15);
        Assert.Null(top[0]);
        Assert.Equal(["b"], top[1]!.AsObject().Select(entry => entry.Key));
        Assert.Equal(["c", "x"], top[2]!.AsObject().Select(entry => entry.Key));

        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(ApiClient.Completions, body + ""","stream":true}""");
        Assert.Equal(logprobs.ToJsonString(), chunks[0]["choices"]![0]!["logprobs"]!.ToJsonString());
        Assert.Equal("length", (string?)chunks[^1]["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task Text_offsets_go_on_behind_the_echo_and_count_characters()
    {
        ApiClient api = await engines.ScriptedAsync();
        const string body = """{"prompt":"de","echo":true,"max_tokens":5,"logprobs":0""";
        JsonObject answer = await api.JsonAsync(ApiClient.Completions, body + "}");
        string offsets = answer["choices"]![0]!["logprobs"]!["text_offset"]!.ToJsonString();
        // d, e, the four bytes of a character, f.
        Assert.Equal("[0,1,2,3,3,3,3]", offsets);
        IReadOnlyList<JsonObject> chunks = await api.StreamAsync(ApiClient.Completions, body + ""","stream":true}""");
        IEnumerable<int> streamed = chunks
            .Select(chunk => chunk["choices"]![0]!["logprobs"])
            .OfType<JsonNode>()
            .SelectMany(logprobs => logprobs["text_offset"]!.AsArray())
            .Select(offset => (int)offset!);
        Assert.Equal(offsets, $"[{string.Join(',', streamed)}]");
    }

    [Fact]
    public async Task Logit_bias_and_ignore_eos_change_the_course()
    {
        ApiClient api = await engines.ScriptedAsync();
        JsonObject banned = await api.JsonAsync(
            ApiClient.Completions,
            $$$"""{"prompt":"a","max_tokens":1,"temperature":0,"logit_bias":{"{{{ScriptedModel.Token('b')}}}":"""
                + $$$"""-100,"{{{ScriptedModel.Token('z')}}}":5}}"""
        );
        Assert.Equal("z", ChoiceText.Of(banned)[0].Text);
        JsonObject endless = await api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":"k","max_tokens":4,"ignore_eos":true}"""
        );
        Assert.Equal(new ChoiceText("lmnoab", "", "length"), ChoiceText.Of(endless)[0]);
    }

    [Fact]
    public async Task Models_are_listed_and_retrieved()
    {
        ApiClient api = await engines.ScriptedAsync();
        JsonObject list = (await api.GetAsync("/v1/models")).Json;
        JsonNode model = Assert.Single(list["data"]!.AsArray())!;
        Assert.Equal(
            ("list", "scripted", "model"),
            ((string?)list["object"], (string?)model["id"], (string?)model["object"])
        );
        Assert.Equal(ScriptedModel.MaxPositions, (int)model["max_model_len"]!);
        Assert.Equal(model.ToJsonString(), (await api.GetAsync("/v1/models/scripted")).Body);
    }
}
