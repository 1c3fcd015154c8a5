using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.FakeBackend;

/// <summary>FakeBackend's errors, streams and token ids, engine by engine.</summary>
public sealed class FakeAnswerTests(FakeEngines engines) : IClassFixture<FakeEngines>
{
    [Theory]
    [InlineData(
        FakeDialect.SGLang,
        """{"prompt":"x","model":"m:b"}""",
        400,
        """{"object":"error","message":"LoRA adapter 'b' """
    )]
    [InlineData(
        FakeDialect.SGLang,
        """{"prompt":"x","temperature":-1}""",
        400,
        """{"object":"error","message":"temperature must be a non-negative finite number, got """
            + """-1.0.","type":"BadRequestError","param":null,"code":400}"""
    )]
    [InlineData(
        FakeDialect.Vllm,
        """{"prompt":"x","model":"other"}""",
        404,
        """{"error":{"message":"The model `other` does not """
            + """exist. Valid aliases: org/m.","type":"NotFoundError","param":"model","code":404}}"""
    )]
    [InlineData(FakeDialect.Vllm, """{"prompt":"x","seed":9223372036854775808}""", 400, """{"error":{"message":""")]
    [InlineData(
        FakeDialect.Vllm,
        """{"prompt":"x","stream_options":{"include_usage":true}}""",
        400,
        """{"error":{"message":"Stream options can only be defined when `stream=True`.","type":"Bad """
            + """Request","param":"stream_options","code":400}}"""
    )]
    [InlineData(
        FakeDialect.LlamaCpp,
        """{"prompt":"x","n":2}""",
        400,
        """{"error":{"code":400,"message":"Field 'n': Value must be between 1 <= value <= 1, but got """
            + """2","type":"invalid_request_error"}}"""
    )]
    [InlineData(
        FakeDialect.Tgi,
        """{"prompt":"x","model":"other"}""",
        424,
        """{"error":"Request failed during generation: adapter other is not loaded","error_type":"generation"}"""
    )]
    [InlineData(
        FakeDialect.Tgi,
        """{"prompt":"x","top_p":1}""",
        422,
        """{"error":"Input validation error: `top_p` must be > 0.0 and < 1.0","error_type":"validation"}"""
    )]
    [InlineData(
        FakeDialect.Tgi,
        """{"prompt":"x","best_of":2,"seed":1}""",
        422,
        """{"error":"Input validation error: `seed` must not be set when `best_of` > 1","error_type":"validation"}"""
    )]
    [InlineData(
        FakeDialect.Tgi,
        """{"prompt":"x","seed":-1}""",
        422,
        "Failed to deserialize the JSON body into the target type: "
    )]
    public async Task Each_engine_refuses_in_its_own_words(string dialect, string json, int status, string beginning)
    {
        FakeBackendProcess fake = await engines.OfAsync(dialect);
        Reply reply = await fake.Api.PostAsync(ApiClient.Completions, json);
        Assert.Equal(status, (int)reply.Status);
        Assert.StartsWith(beginning, reply.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FakeDialect.SGLang, "anything", "anything")]
    [InlineData(FakeDialect.Vllm, "org/m", "org/m")]
    [InlineData(FakeDialect.LlamaCpp, "anything", "NAME")]
    [InlineData(FakeDialect.Tgi, "tgi", "bigscience/bloom-560m")]
    public async Task An_answer_names_the_model_as_the_engine_does(string dialect, string model, string named)
    {
        FakeBackendProcess fake = await engines.OfAsync(dialect);
        Assert.Equal(
            named,
            (string?)
                (await fake.Api.JsonAsync(ApiClient.Completions, $$"""{"prompt":"x","model":"{{model}}"}"""))["model"]
        );
    }

    [Theory]
    [InlineData(FakeDialect.SGLang, "[null,null]", "reasoning_content", true)]
    [InlineData(FakeDialect.Vllm, "[null,true]", "content", true)]
    [InlineData(FakeDialect.LlamaCpp, "[true,true]", "content", false)]
    [InlineData(FakeDialect.Tgi, "[true,true]", "content", true)]
    public async Task A_chats_stream_has_the_engines_members(
        string dialect,
        string fingerprints,
        string member,
        bool endsErrorWithDone
    )
    {
        FakeBackendProcess fake = await engines.OfAsync(dialect);
        JsonNode[] chunks = Chunks(
            await fake.StreamTextAsync(
                ApiClient.Chat,
                """{"messages":[{"role":"user","content":"x"}],"max_tokens":2,"stream":true}"""
            )
        );
        JsonNode?[] marks =
        [
            .. ((JsonNode[])[chunks[0], chunks[^1]]).Select(chunk =>
                chunk["system_fingerprint"] is null ? null : JsonValue.Create(true)
            ),
        ];
        Assert.Equal(fingerprints, new JsonArray(marks).ToJsonString());
        JsonObject first = chunks[0]["choices"]![0]!["delta"]!.AsObject();
        Assert.Equal("assistant", (string?)first["role"]);
        Assert.True(first.ContainsKey(member));
        Assert.Equal(dialect == FakeDialect.LlamaCpp, first["content"] is null);
        Assert.Equal(dialect == FakeDialect.LlamaCpp, chunks[^1]["timings"] is not null);
        string error = await fake.StreamTextAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"x"}],"stream":true,"fake":{"then":"error"}}"""
        );
        Assert.Contains("\ndata: {\"error\":{", error, StringComparison.Ordinal);
        Assert.Equal(endsErrorWithDone, error.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
        if (dialect == FakeDialect.Tgi)
            Assert.Contains("\"http_status_code\":422}}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FakeDialect.SGLang, "stop", "stop", "matched_stop")]
    [InlineData(FakeDialect.Vllm, "stop", "stop", "stop_reason")]
    [InlineData(FakeDialect.LlamaCpp, "stop", "stop", null)]
    [InlineData(FakeDialect.Tgi, "stop_sequence", "stop", null)]
    public async Task A_stop_string_and_the_end_of_text_end_as_the_engine_says(
        string dialect,
        string atStop,
        string atEnd,
        string? member
    )
    {
        FakeBackendProcess fake = await engines.OfAsync(dialect);
        string text = await fake.TextAsync("""{"prompt":"x","seed":1}"""),
            word = text.Split(' ')[3];
        JsonObject stopped = await fake.Api.JsonAsync(
            ApiClient.Completions,
            $$"""{"prompt":"x","seed":1,"stop":["{{word}}"]}"""
        );
        ChoiceText choice = Assert.Single(ChoiceText.Of(stopped));
        Assert.Equal((text[..text.IndexOf(word, StringComparison.Ordinal)], atStop), (choice.Text, choice.Finish));
        if (member is not null)
            Assert.Equal(word, (string?)stopped["choices"]![0]![member]);
        Assert.Equal(
            atEnd,
            Assert
                .Single(
                    ChoiceText.Of(
                        await fake.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x","fake":{"ends_after":2}}""")
                    )
                )
                .Finish
        );
    }

    [Fact]
    public async Task TGIs_completions_stream_empty_reasons_and_its_own_words_for_the_end()
    {
        FakeBackendProcess fake = await engines.OfAsync(FakeDialect.Tgi);
        JsonNode[] chunks = Chunks(
            await fake.StreamTextAsync(
                ApiClient.Completions,
                """{"prompt":"x","stream":true,"fake":{"ends_after":1}}"""
            )
        );
        Assert.Equal(["", "eos_token"], chunks.Select(chunk => (string?)chunk["choices"]![0]!["finish_reason"]));
        Assert.Equal([false, true], chunks.Select(chunk => chunk["usage"] is not null));
    }

    [Theory]
    [InlineData(FakeDialect.Tgi)]
    [InlineData(FakeDialect.LlamaCpp)]
    public async Task A_silent_stream_has_comments_where_the_engine_sends_them(string dialect)
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(dialect, [], ("FAKE_KEEP_ALIVE_MS", "10"));
        using RawConnection connection = await RawConnection.OpenAsync(fake.Url);
        await connection.SendAsync(
            RawConnection.Post(ApiClient.Completions, """{"prompt":"x","stream":true,"fake":{"gate":"silent"}}""")
        );
        await connection.ReadUntilAsync(":\n\n");
    }

    [Theory]
    [InlineData(FakeDialect.SGLang)]
    [InlineData(FakeDialect.Vllm)]
    public async Task A_JSON_answer_can_be_given_up(string dialect)
    {
        FakeBackendProcess fake = await engines.OfAsync(dialect);
        ChoiceText choice = Assert.Single(
            ChoiceText.Of(
                await fake.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x","fake":{"then":"abort","after":2}}""")
            )
        );
        Assert.Equal((2, "abort"), (choice.Text.Count(c => c == ' '), choice.Finish));
    }

    [Theory]
    [InlineData(ApiClient.Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]", false)]
    [InlineData(ApiClient.Completions, "\"prompt\":\"a b\"", true)]
    public async Task VLLM_gives_token_ids_in_its_places(string path, string prompt, bool promptIsInChoice)
    {
        FakeBackendProcess fake = await engines.OfAsync(FakeDialect.Vllm);
        JsonObject answer = await fake.Api.JsonAsync(
            path,
            $$"""{{{prompt}},"seed":1,"max_tokens":3,"return_token_ids":true}"""
        );
        JsonNode choice = answer["choices"]![0]!;
        JsonArray promptIds = (promptIsInChoice ? choice : answer)["prompt_token_ids"]!.AsArray(),
            ids = choice["token_ids"]!.AsArray();
        Assert.Equal(((int)answer["usage"]!["prompt_tokens"]!, 3), (promptIds.Count, ids.Count));
        JsonNode[] chunks = Chunks(
            await fake.StreamTextAsync(
                path,
                $$"""{{{prompt}},"seed":1,"max_tokens":3,"stream":true,"return_token_ids":true}"""
            )
        );
        Assert.Equal(
            promptIds.ToJsonString(),
            (promptIsInChoice ? chunks[0]["choices"]![0]! : chunks[0])["prompt_token_ids"]!.ToJsonString()
        );
        Assert.Equal(Numbers(ids), chunks.SelectMany(chunk => Numbers(chunk["choices"]![0]!["token_ids"])));
        Assert.Null((await fake.Api.JsonAsync(path, $$"""{{{prompt}}}"""))["choices"]![0]!["token_ids"]);
    }

    [Fact]
    public async Task SGLang_gives_token_ids_in_choices_and_in_a_chats_extension()
    {
        FakeBackendProcess fake = await engines.OfAsync(FakeDialect.SGLang);
        const string completion = "\"prompt\":\"a b\",\"seed\":1,\"max_tokens\":3",
            chat = "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],\"seed\":1,\"max_tokens\":3";
        JsonNode choice = (
            await fake.Api.JsonAsync(ApiClient.Completions, $$"""{{{completion}},"return_token_ids":true}""")
        )["choices"]![0]!;
        Assert.Equal((2, 3), (Numbers(choice["prompt_token_ids"]).Length, Numbers(choice["token_ids"]).Length));
        JsonNode[] chunks = Chunks(
            await fake.StreamTextAsync(
                ApiClient.Completions,
                $$"""{{{completion}},"stream":true,"return_token_ids":true}"""
            )
        );
        Assert.Equal(
            Numbers(choice["token_ids"]),
            chunks.SelectMany(chunk => Numbers(chunk["choices"]![0]!["token_ids"]))
        );
        Assert.Equal(Numbers(choice["prompt_token_ids"]), Numbers(chunks[0]["choices"]![0]!["prompt_token_ids"]));

        int[] ids = Numbers(
            (await fake.Api.JsonAsync(ApiClient.Chat, $$"""{{{chat}},"return_token_ids":true}"""))["choices"]![0]![
                "response_token_ids"
            ]
        );
        Reply refused = await fake.Api.PostAsync(
            ApiClient.Chat,
            $$"""{{{chat}},"stream":true,"return_token_ids":true}"""
        );
        Assert.Equal(400, (int)refused.Status);
        chunks = Chunks(
            await fake.StreamTextAsync(
                ApiClient.Chat,
                $$$"""{{{{chat}}},"stream":true,"stream_options":{"include_usage":"""
                    + $$$"""true},"return_input_ids_in_sglext":true,"return_output_ids_in_sglext":true}"""
            )
        );
        JsonNode extension = chunks[^2]["sglext"]!;
        Assert.Empty(chunks[^2]["choices"]!.AsArray());
        Assert.Equal(ids, Numbers(extension["output_ids"]![0]));
        Assert.NotEmpty(Numbers(extension["input_ids"]));
        // The names in the description of the pull request are not those that were merged.
        Assert.DoesNotContain(
            "sglext",
            await fake.StreamTextAsync(
                ApiClient.Chat,
                $$"""{{{chat}},"stream":true,"return_input_ids":true,"return_output_ids":true}"""
            ),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task SGLang_before_July_2026_has_no_token_ids()
    {
        await using FakeBackendProcess fake = await FakeDialect.StartAsync(
            FakeDialect.SGLang,
            [],
            ("FAKE_OLD_IDS", "1")
        );
        string chat = await fake.StreamTextAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"x"}],"stream":true,"return_token_ids":"""
                + """true,"return_output_ids_in_sglext":true}"""
        );
        Assert.DoesNotContain("ids", chat, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "ids",
            (
                await fake.Api.JsonAsync(ApiClient.Completions, """{"prompt":"x","return_token_ids":true}""")
            ).ToJsonString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Llama_servers_probabilities_carry_token_ids_on_both_routes()
    {
        FakeBackendProcess fake = await engines.OfAsync(FakeDialect.LlamaCpp);
        JsonNode completion = await fake.Api.JsonAsync(
            ApiClient.Completions,
            """{"prompt":"x","seed":1,"max_tokens":3,"logprobs":1}"""
        );
        int[] ids =
        [
            .. completion["choices"]![0]!["logprobs"]!["content"]!.AsArray().Select(entry => (int)entry!["id"]!),
        ];
        Assert.Equal(3, ids.Length);
        JsonNode[] chunks = Chunks(
            await fake.StreamTextAsync(
                ApiClient.Completions,
                """{"prompt":"x","seed":1,"max_tokens":3,"logprobs":1,"stream":true}"""
            )
        );
        Assert.Equal(ids, chunks[..^1].Select(chunk => (int)chunk["choices"]![0]!["logprobs"]!["content"]![0]!["id"]!));
        JsonNode chat = await fake.Api.JsonAsync(
            ApiClient.Chat,
            """{"messages":[{"role":"user","content":"x"}],"max_tokens":3,"logprobs":true,"return_tokens":true}"""
        );
        Assert.Equal(3, chat["choices"]![0]!["logprobs"]!["content"]!.AsArray().Count);
        Assert.Null(chat["tokens"]);
    }

    private static JsonNode[] Chunks(string stream) =>
        [
            .. stream
                .Split("\n\n")
                .Where(block => block.StartsWith("data: {", StringComparison.Ordinal))
                .Select(block => JsonNode.Parse(block["data: ".Length..])!),
        ];

    private static int[] Numbers(JsonNode? ids) => ids is null ? [] : [.. ids.AsArray().Select(id => (int)id!)];
}
