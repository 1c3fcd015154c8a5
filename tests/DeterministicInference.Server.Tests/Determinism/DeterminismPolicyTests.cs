using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Tests.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Embedded;
using DeterministicInference.Server.Engines.LlamaCpp;
using DeterministicInference.Server.Engines.Sglang;
using DeterministicInference.Server.Engines.Tgi;
using DeterministicInference.Server.Engines.Vllm;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;
using Xunit;

namespace DeterministicInference.Server.Tests.Determinism;

/// <summary>The policy sets open members, and records what it set.</summary>
public sealed class DeterminismPolicyTests
{
    private const string SglangDefaults = ""","temperature":1,"top_p":1,"top_k":-1,"min_p":0,"repetition_penalty":1""";

    private static readonly ServeOptions Off = new() { Determinism = DeterminismMode.Off };

    [Theory]
    [InlineData("{}", """{"seed":42}""")]
    [InlineData("""{"seed":null}""", """{"seed":42}""")]
    [InlineData("""{"a":{"seed":1}}""", """{"a":{"seed":1},"seed":42}""")]
    public void An_absent_seed_is_set_and_written_down(string request, string expected)
    {
        PinnedRequest pinned = Pin(request, new ServeOptions());
        AssertSent(expected, pinned);
        Assert.Equal(new Dictionary<string, string> { ["seed"] = "42" }, pinned.Pins.Values);
    }

    [Fact]
    public void A_seed_of_the_sender_is_the_senders()
    {
        PinnedRequest pinned = Pin("""{"seed":7}""", new ServeOptions());
        AssertSent("""{"seed":7}""", pinned);
        Assert.Empty(pinned.Changes);
    }

    [Fact]
    public void A_seed_that_is_written_as_a_string_is_the_senders_too_and_its_spelling_is_written_down()
    {
        PinnedRequest pinned = Pin("""{"seed": "7" }""", new ServeOptions());
        AssertSent("""{"seed": 7 }""", pinned);
        Assert.Equal(new Dictionary<string, string> { ["seed"] = "7" }, pinned.Pins.Values);
    }

    [Fact]
    public void A_drawn_seed_is_another_one_each_time_and_a_pin()
    {
        var options = new ServeOptions { Seed = SeedSetting.Random };
        var drawn = new HashSet<long>();
        for (int i = 0; i < 100; i++)
        {
            PinnedRequest pinned = Pin("{}", options, new LlamaCppKind().Requests);
            long seed = long.Parse(pinned.Pins.Values["seed"], null);
            Assert.InRange(seed, 0, uint.MaxValue - 1);
            Assert.Contains($"\"seed\":{seed}", Sent(pinned), StringComparison.Ordinal);
            drawn.Add(seed);
        }
        Assert.True(drawn.Count > 90);
        Assert.InRange(long.Parse(Pin("{}", options).Pins.Values["seed"], null), 0, (1L << 53) - 1);
        AssertSent("""{"seed":7}""", Pin("""{"seed":7}""", options));
        Assert.Empty(Pin("{}", options with { Determinism = DeterminismMode.Off }).Changes);
    }

    [Theory]
    // Several prompts, and a seed that the server draws: each gets its own, and the receipt says so.
    [InlineData("""{"prompt":["a",[1,2],"c"]}""", true, 1, true)]
    [InlineData("""{"prompt":["a","b"],"n":3}""", true, 3, true)]
    [InlineData("""{"prompt":["a","b"],"seeds_per_prompt":true}""", true, 1, false)]
    [InlineData("""{"prompt":["a","b"],"seeds_per_prompt":true,"seed":9}""", true, 1, false)]
    // Written as text it is a change of its type, which is recorded as every other one.
    [InlineData("""{"prompt":["a","b"],"seeds_per_prompt":"true"}""", true, 1, true)]
    [InlineData("""{"seeds_per_prompt":"false","prompt":["a","b"]}""", false, 0, true)]
    // The client's seed is that of each prompt.
    [InlineData("""{"prompt":["a","b"],"seed":9}""", false, 0, false)]
    [InlineData("""{"prompt":["a","b"],"seeds_per_prompt":false}""", false, 0, false)]
    // One prompt.
    [InlineData("""{"prompt":["a"],"seeds_per_prompt":true}""", false, 0, false)]
    [InlineData("""{"prompt":[1,2,3]}""", false, 0, false)]
    [InlineData("""{"prompt":"a"}""", false, 0, false)]
    public void Prompts_have_seeds_of_their_own(string request, bool isSplit, int step, bool isPin)
    {
        PinnedRequest pinned = PinWhole(request, new ServeOptions { Seed = SeedSetting.Random });
        Assert.Equal(isPin, pinned.Pins.Values.ContainsKey("seeds_per_prompt"));
        Assert.DoesNotContain("seeds_per_prompt", Sent(pinned), StringComparison.Ordinal);
        Assert.Equal(isSplit, pinned.Parts is not null);
        if (pinned.Parts is not { } parts)
            return;
        Assert.DoesNotContain("prompt", Sent(pinned), StringComparison.Ordinal);
        JsonArray prompts = JsonNode.Parse(request)!["prompt"]!.AsArray();
        Assert.Equal(prompts.Count, parts.Count);
        long first = (long)JsonNode.Parse(Sent(pinned))!["seed"]!;
        for (int i = 0; i < parts.Count; i++)
        {
            JsonNode part = JsonNode.Parse(parts.Request(i))!;
            Assert.Equal(prompts[i]!.ToJsonString(), part["prompt"]!.ToJsonString());
            Assert.Equal(first + i * step, (long)part["seed"]!);
        }
    }

    [Fact]
    public void Seeds_of_prompts_go_on_from_0_above_the_largest()
    {
        var seeds = new PromptSeeds(uint.MaxValue - 2, 1, uint.MaxValue - 1);
        Assert.Equal([uint.MaxValue - 2, uint.MaxValue - 1, 0, 1], Enumerable.Range(0, 4).Select(seeds.Of));
        Assert.Equal(4, new PromptSeeds(long.MaxValue, 5, long.MaxValue).Of(1));
        // A seed outside of the range is the client's, without --determinism.
        Assert.Equal(-7, new PromptSeeds(-8, 1, long.MaxValue).Of(1));
    }

    /// <summary>The answer to one prompt is then what it is alone, so that seeds stay the request's.</summary>
    [Fact]
    public void Llama_server_gets_one_prompt_at_a_time()
    {
        RequestRules rules = new LlamaCppKind().Requests;
        const string request = """{"prompt":["a","b"],"seed":9}""";
        PromptParts parts = PinWhole(request, new ServeOptions(), rules).Parts!;
        Assert.Equal(
            (2, 9, 9),
            (
                parts.Count,
                (int)JsonNode.Parse(parts.Request(0))!["seed"]!,
                (int)JsonNode.Parse(parts.Request(1))!["seed"]!
            )
        );
        Assert.Null(PinWhole(request, Off, rules).Parts);
        Assert.NotNull(PinWhole(request, Off, rules, hasReceipts: true).Parts);
    }

    [Theory]
    [InlineData("0.5.23", true)]
    [InlineData("0.5.24.post1", true)]
    [InlineData("0.5.22", false)]
    [InlineData("unknown", false)]
    [InlineData(null, false)]
    public void SGLang_distinguishes_seeds_of_64_bits_since_a_release(string? version, bool isWide)
    {
        var sglang = new SglangKind();
        var policy = new DeterminismPolicy(
            new ServeOptions(),
            sglang.Requests,
            null,
            hasReceipts: false,
            () => ((IEngineKind)sglang).SeedsOf(version)
        );
        foreach (long seed in (long[])[uint.MaxValue, long.MaxValue])
        {
            using RequestBody body = RequestBody.Parse(Encoding.UTF8.GetBytes($"{{\"prompt\":\"x\",\"seed\":{seed}}}"));
            CheckedRequest request = RequestFields.Check(body, RequestRoute.Completions, acceptsText: true);
            if (isWide)
                Assert.Contains(
                    $"\"seed\":{seed}",
                    Sent(policy.Pin(request, ServedModels.Unknown)),
                    StringComparison.Ordinal
                );
            else
                Assert.Equal(
                    "seed",
                    Assert.Throws<OpenAIException>(() => policy.Pin(request, ServedModels.Unknown)).Param
                );
        }
    }

    [Theory]
    [InlineData("""{"seed":null}""")]
    [InlineData("""{"seed":null,"max_tokens":null,"grammar":null,"x":null,"web_search_options":{},"tools":[{}]}""")]
    public void Off_changes_nothing(string request)
    {
        PinnedRequest pinned = Pin(request, Off);
        AssertSent(request, pinned);
        Assert.Empty(pinned.Changes);
    }

    /// <summary>The API treats null as absent; many engines treat it as an error or a value of its own.</summary>
    [Theory]
    [InlineData("""{"seed":1,"n":null}""", """{"seed":1}""")]
    [InlineData("""{"n":null,"seed":1}""", """{"seed":1}""")]
    [InlineData("""{"logprobs":null,"stop":null,"seed":1,"max_tokens":null,"a":2}""", """{"seed":1,"a":2}""")]
    [InlineData("""{"seed":1,"grammar":null,"tools":null,"parallel_tool_calls":null,"user":null}""", """{"seed":1}""")]
    [InlineData("""{"s\u0074op":null,"seed":1}""", """{"seed":1}""")]
    // Unknown members are left to the engine, as are nested ones.
    [InlineData("""{"seed":1,"x":null}""", """{"seed":1,"x":null}""")]
    [InlineData(
        """{"seed":1,"stream_options":{"include_usage":null}}""",
        """{"seed":1,"stream_options":{"include_usage":null}}"""
    )]
    [InlineData("""{"seed":1,"":{},"n":null}""", """{"seed":1,"":{}}""")]
    public void Known_members_that_are_null_stay_behind_and_that_is_no_pin(string request, string expected)
    {
        PinnedRequest pinned = Pin(request, new ServeOptions());
        AssertSent(expected, pinned);
        Assert.Empty(pinned.Changes);
    }

    [Theory]
    // The API reads it as an empty text.
    [InlineData("""{"prompt":null,"seed":1}""", """{"prompt":null,"seed":1}""")]
    [InlineData("""{"n":null,"":5,"prompt":"x","seed":1}""", """{"":5,"prompt":"x","seed":1}""")]
    [InlineData("""{"n":null,"stop":null,"prompt":"x","seed":null}""", """{"prompt":"x","seed":42}""")]
    [InlineData("""{"prompt":"x" ,"n":null , "seed":1 ,"stop" : null }""", """{"prompt":"x" , "seed":1 }""")]
    [InlineData("""{ "n" : null , "stop":null, "prompt":"x" ,"seed":1}""", """{ "prompt":"x" ,"seed":1}""")]
    public void What_is_null_goes_wherever_it_stands_unless_it_is_the_prompt(string request, string expected) =>
        Assert.Equal(expected, Sent(PinWhole(request, new ServeOptions())));

    [Fact]
    public void Pinning_any_request_twice_is_pinning_it_once()
    {
        for (ulong i = 0; i < 500; i++)
        {
            PinnedRequest once = Pin(new JsonTexts(i).Object(withTarget: false), new ServeOptions { Seed = 1 });
            PinnedRequest twice = PinWhole(Encoding.UTF8.GetString(once.Json.Span), new ServeOptions { Seed = 2 });
            Assert.Equal(once.Json.ToArray(), twice.Json.ToArray());
            Assert.Empty(twice.Changes);
        }
    }

    [Fact]
    public void A_byte_order_mark_is_left_out() => AssertSent("""{"seed":42}""", Pin("\uFEFF{}", new ServeOptions()));

    [Theory]
    [InlineData("""{"seed":-1}""", "seed")]
    [InlineData("""{"seed":7.0}""", "seed")]
    [InlineData("""{"seed":1e2}""", "seed")]
    [InlineData("""{"seed":4294967295}""", "seed")]
    [InlineData("""{"n":2}""", "n")]
    [InlineData("""{"min_p":0.05}""", "min_p")]
    [InlineData("""{"session_id":"s"}""", "session_id")]
    [InlineData("""{"session_params":{}}""", "session_params")]
    [InlineData("""{"conversation_id":"s"}""", "conversation_id")]
    [InlineData("""{"custom_logit_processor":"x"}""", "custom_logit_processor")]
    [InlineData("""{"lora_path":"a"}""", "lora_path")]
    [InlineData("""{"lora":[{"id":0,"scale":0.5}]}""", "lora")]
    [InlineData("""{"kv_transfer_params":{}}""", "kv_transfer_params")]
    [InlineData("""{"ec_transfer_params":{}}""", "ec_transfer_params")]
    [InlineData("""{"bootstrap_host":"h"}""", "bootstrap_host")]
    [InlineData("""{"bootstrap_port":1}""", "bootstrap_port")]
    [InlineData("""{"bootstrap_room":[1]}""", "bootstrap_room")]
    [InlineData("""{"t_max_predict_ms":100}""", "t_max_predict_ms")]
    [InlineData("""{"t_max_prompt_ms":100}""", "t_max_prompt_ms")]
    [InlineData("""{"n_cache_reuse":1}""", "n_cache_reuse")]
    [InlineData("""{"ngram_corpus_id":"c"}""", "ngram_corpus_id")]
    [InlineData("""{"reasoning_control":true}""", "reasoning_control")]
    [InlineData("""{"web_search_options":{}}""", "web_search_options")]
    [InlineData("""{"plugins":[{"id":"web"}]}""", "plugins")]
    [InlineData("""{"return_hidden_states":true}""", "return_hidden_states")]
    [InlineData("""{"return_hidden_states":"last"}""", "return_hidden_states")]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https:"""
            + """//example.org/a.png"}}]}]}""",
        "messages"
    )]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"video_url","video_url":"http://example.org/a"}]}]}""",
        "messages"
    )]
    [InlineData(
        """{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"\ud800"}}]}]}""",
        "messages"
    )]
    public void A_request_that_does_not_determine_its_answer_is_refused_by_name_unless_the_proxy_is_a_plain_one(
        string request,
        string name
    )
    {
        RequestRules rules = new SglangKind().Requests;
        OpenAIException e = Assert.Throws<OpenAIException>(() => Pin(request, new ServeOptions(), rules));
        Assert.Equal((400, "nondeterministic_request", name), (e.Status, e.Code, e.Param));
        AssertSent(request, Pin(request, Off, rules));
    }

    [Fact]
    public void A_scalar_that_is_written_as_a_string_is_refused_for_what_it_says()
    {
        OpenAIException e = Assert.Throws<OpenAIException>(() =>
            Pin("""{"min_p":"0.05"}""", new ServeOptions(), new SglangKind().Requests)
        );
        Assert.Equal(("nondeterministic_request", "min_p"), (e.Code, e.Param));
    }

    /// <summary>vLLM uses the session only as a name for related requests.</summary>
    [Fact]
    public void A_session_that_is_only_a_name_to_an_engine_reaches_it()
    {
        PinnedRequest pinned = Pin("""{"seed":1,"session_id":"s"}""", new ServeOptions(), new VllmKind().Requests);
        Assert.Contains("\"session_id\":\"s\"", Sent(pinned), StringComparison.Ordinal);
        Assert.Throws<OpenAIException>(() => Pin("""{"session_id":"s"}""", new ServeOptions(), RequestRules.None));
    }

    [Theory]
    [InlineData(
        """{"seed":0,"n":1,"min_p":0,"session_id":null,"return_hidden_states":false}""",
        """{"seed":0,"n":1,"min_p":0,"return_hidden_states":false}"""
    )]
    [InlineData(
        """{"seed":1,"lora":[],"t_max_predict_ms":-1,"n_cache_reuse":0,"reasoning_control":false,"plugins":[]}""",
        """{"seed":1,"lora":[],"t_max_predict_ms":-1,"n_cache_reuse":0,"reasoning_control":false,"plugins":[]}"""
    )]
    [InlineData(
        """{"seed":4294967294,"n":1,"min_p":0.0,"messages":[{"role":"user","content":[{"type":"image_url","""
            + "\"image_url\""
            + """:{"url":"data:image/png;base64,AA=="}}]}]}""",
        """{"seed":4294967294,"n":1,"min_p":0.0,"messages":[{"role":"user","content":[{"type":"image_url","""
            + "\"image_url\""
            + """:{"url":"data:image/png;base64,AA=="}}]}]}"""
    )]
    public void What_only_looks_like_it_is_taken(string request, string expected)
    {
        RequestRules rules = new SglangKind().Requests with { Defaults = [] };
        AssertSent(expected, Pin(request, new ServeOptions(), rules));
    }

    [Fact]
    public void What_an_engine_has_another_default_for_is_set_and_written_down()
    {
        PinnedRequest pinned = Pin("{}", new ServeOptions(), new SglangKind().Requests);
        AssertSent($$"""{{{SglangDefaults[1..]}},"seed":42}""", pinned);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["temperature"] = "1",
                ["top_p"] = "1",
                ["top_k"] = "-1",
                ["min_p"] = "0",
                ["repetition_penalty"] = "1",
                ["seed"] = "42",
            },
            pinned.Pins.Values
        );
    }

    [Theory]
    [InlineData("""{"tee":true}""", """{"seed":42}""")]
    [InlineData("""{"tee":true,"a":1}""", """{"a":1,"seed":42}""")]
    [InlineData("""{"a":1,"tee":"x"}""", """{"a":1,"seed":42}""")]
    [InlineData("""{"a":1, "tee":{"b":[2]} , "seed":7}""", """{"a":1 , "seed":7}""")]
    [InlineData("""{"a":1,"tee":null,"n":null,"b":2}""", """{"a":1,"b":2,"seed":42}""")]
    public void A_devices_request_for_its_own_proof_does_not_reach_the_engine(string request, string expected) =>
        AssertSent(expected, Pin(request, new ServeOptions()));

    [Theory]
    [InlineData("""{"tee":true,"prompt":"x"}""", """{"prompt":"x","seed":42}""")]
    [InlineData("""{ "tee" : true , "n":null, "prompt":"x"}""", """{ "prompt":"x","seed":42}""")]
    public void The_first_member_goes_with_the_comma_behind_it(string request, string expected) =>
        Assert.Equal(expected, Sent(PinWhole(request, new ServeOptions())));

    [Theory]
    [InlineData("""{"model":"test-model"}""", """{"model":"name"}""", "\"name\"")]
    [InlineData("""{"model":"qwen:0.5b"}""", """{"model":"name"}""", "\"name\"")]
    [InlineData("""{"model":"name"}""", """{"model":"name"}""", null)]
    [InlineData("""{"model":"lora"}""", """{"model":"lora"}""", null)]
    [InlineData("""{"model":"alias"}""", """{"model":"alias"}""", null)]
    public void A_name_that_the_engine_does_not_list_becomes_the_engines(string request, string expected, string? pin)
    {
        foreach (RequestRules rules in (RequestRules[])[RequestRules.None, new SglangKind().Requests])
        {
            PinnedRequest pinned = Pin(request, Off, rules, models: Listed);
            AssertSent(expected, pinned);
            Assert.Equal(pin, pinned.Pins.Values.GetValueOrDefault("model"));
            Assert.Empty(Pin(request, Off, rules).Changes);
        }
    }

    [Theory]
    [InlineData("name:lora", "name:lora", "lora", false)]
    [InlineData("lora", "lora", "lora", false)]
    [InlineData("name:0.5b", "name", "name", true)]
    public void SGLang_is_asked_for_an_adapter_that_it_lists(string model, string sent, string sealedName, bool isMain)
    {
        PinnedRequest pinned = Pin($$"""{"model":"{{model}}"}""", Off, new SglangKind().Requests, models: Listed);
        AssertSent($$"""{"model":"{{sent}}"}""", pinned);
        Assert.Equal((sealedName, isMain), (pinned.ModelName, pinned.IsMainModel));
    }

    [Fact]
    public void A_request_without_a_name_gets_one_where_the_engine_answers_by_it()
    {
        AssertSent("""{"model":"name"}""", Pin("{}", Off, new VllmKind().Requests, models: Listed));
        AssertSent("""{"model":"name"}""", Pin("{}", Off, new SglangKind().Requests, models: Listed));
        Assert.Empty(Pin("{}", Off, new LlamaCppKind().Requests, models: Listed).Changes);
        AssertSent("""{"model":"tgi"}""", Pin("{}", Off, new TgiKind().Requests, models: Listed));
    }

    [Theory]
    [InlineData("""{"seed":1}""", """{"seed":1,"return_token_ids":true}""", true)]
    [InlineData("""{"return_token_ids":null,"seed":1}""", """{"return_token_ids":true,"seed":1}""", true)]
    [InlineData("""{"return_token_ids":true,"seed":1}""", """{"return_token_ids":true,"seed":1}""", false)]
    [InlineData("""{"return_token_ids":false,"seed":1}""", """{"return_token_ids":false,"seed":1}""", false)]
    public void Token_ids_are_asked_for_where_the_sender_says_nothing_and_that_is_no_pin(
        string request,
        string expected,
        bool hides
    )
    {
        PinnedRequest pinned = Pin(request, new ServeOptions(), new EmbeddedKind().Requests, hasReceipts: true);
        AssertSent(expected, pinned);
        Assert.Equal(hides, pinned.HidesTokenIds);
        Assert.Empty(pinned.Changes);
    }

    [Theory]
    [InlineData("{}", 1)]
    [InlineData("""{"n":3}""", 3)]
    [InlineData("""{"n":"3"}""", 3)]
    [InlineData("""{"n":2.0}""", 2)]
    [InlineData("""{"n":null}""", 1)]
    public void The_number_of_choices_is_the_one_that_the_engine_gets(string request, int expected) =>
        Assert.Equal(expected, Pin(request, new ServeOptions()).ChoicesPerPrompt);

    private static void AssertSent(string expected, PinnedRequest pinned) =>
        Assert.Equal(WithContent(expected).TrimStart('\uFEFF'), Sent(pinned));

    [Theory]
    [InlineData("""{"rid":"a","tee":true}""")]
    [InlineData("""{"request_id":"a"}""")]
    [InlineData("""{"rid":["a","b"]}""")]
    public void Names_of_a_request_do_not_reach_the_engine(string request)
    {
        foreach (RequestRules rules in (RequestRules[])[new SglangKind().Requests, new VllmKind().Requests])
        {
            PinnedRequest pinned = Pin(request, Off, rules);
            AssertSent("{}", pinned);
            Assert.Empty(pinned.Pins.Values);
        }
    }

    [Theory]
    [InlineData("""{"seed":1}""", "16")]
    [InlineData("""{"max_tokens":null}""", "16")]
    [InlineData("""{"max_tokens":5}""", null)]
    [InlineData("""{"n_predict":5}""", null)]
    [InlineData("""{"max_completion_tokens":5}""", null)]
    [InlineData("""{"messages":[{"role":"user","content":"x"}]}""", null)]
    public void A_completion_without_a_length_has_the_APIs_on_llama_server(string request, string? pin)
    {
        PinnedRequest pinned = Pin(request, new ServeOptions(), new LlamaCppKind().Requests);
        Assert.Equal(pin, pinned.Pins.Values.GetValueOrDefault("max_tokens"));
    }

    [Theory]
    [InlineData("llamacpp", """{"max_tokens":0}""", "max_tokens")]
    [InlineData("llamacpp", """{"n_predict":"0"}""", "n_predict")]
    [InlineData(
        "llamacpp",
        """{"messages":[{"role":"user","content":"x"}],"max_completion_tokens":0}""",
        "max_completion_tokens"
    )]
    [InlineData("sglang", """{"max_tokens":0}""", "max_tokens")]
    [InlineData("sglang", """{"messages":[{"role":"user","content":"x"}],"input_ids":[1]}""", "input_ids")]
    [InlineData("vllm", """{"echo":true,"return_token_ids":true}""", "return_token_ids")]
    [InlineData("vllm", """{"prompt_embeds":"AAAA"}""", "prompt_embeds")]
    public void What_an_engine_would_answer_otherwise_is_refused(string engine, string request, string param)
    {
        RequestRules rules = EngineRegistry.BuiltIn.Find(engine)!.Requests;
        OpenAIException refusal = Assert.Throws<OpenAIException>(() => Pin(request, new ServeOptions(), rules));
        Assert.Equal((400, "unsupported_parameter", param), (refusal.Status, refusal.Code, refusal.Param));
        Assert.NotEmpty(Sent(Pin(request, Off, rules)));
    }

    [Theory]
    [InlineData("""{"max_tokens":1}""")]
    [InlineData("""{"echo":false,"return_token_ids":true}""")]
    [InlineData("""{"echo":true}""")]
    [InlineData("""{"prompt_embeds":[]}""")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"echo":true,"return_token_ids":true}""")]
    public void What_it_would_not_is_taken(string request) =>
        Assert.NotEmpty(Sent(Pin(request, new ServeOptions(), new VllmKind().Requests)));

    /// <summary>vLLM would leave out the prompt of the answer.</summary>
    [Theory]
    [InlineData("""{"echo":true}""", false)]
    [InlineData("""{"echo":false}""", true)]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"echo":true}""", true)]
    public void Token_ids_are_not_asked_for_beside_an_echo(string request, bool asks)
    {
        PinnedRequest pinned = Pin(request, Off, new VllmKind().Requests, hasReceipts: true);
        Assert.Equal(asks, pinned.HidesTokenIds);
        Assert.Equal(asks, Sent(pinned).Contains("return_token_ids", StringComparison.Ordinal));
    }

    [Fact]
    public void No_alternatives_are_asked_for_as_one_on_llama_server()
    {
        PinnedRequest pinned = Pin("""{"logprobs":0}""", Off, new LlamaCppKind().Requests);
        AssertSent("""{"logprobs":1}""", pinned);
        Assert.True(pinned.WantsNoAlternatives);
        Assert.Empty(pinned.Pins.Values);
    }

    /// <summary>A model with an alias, and an adapter of it.</summary>
    private static ServedModels Listed
    {
        get
        {
            const string list = """{"data":[{"id":"name","aliases":["alias"]},{"id":"lora","parent":"name"}]}""";
            using JsonDocument document = JsonDocument.Parse(list);
            return ServedModels.Read(document.RootElement, null)!;
        }
    }

    private static string Sent(PinnedRequest pinned) => Encoding.UTF8.GetString(pinned.Json.Span);

    private static PinnedRequest Pin(
        string members,
        ServeOptions options,
        RequestRules? rules = null,
        bool hasReceipts = false,
        ServedModels? models = null
    ) => PinWhole(WithContent(members), options, rules, hasReceipts, models);

    private static PinnedRequest PinWhole(
        string request,
        ServeOptions options,
        RequestRules? rules = null,
        bool hasReceipts = false,
        ServedModels? models = null
    )
    {
        using RequestBody body = RequestBody.Parse(Encoding.UTF8.GetBytes(request));
        RequestRoute route = body.Root.TryGetProperty("messages", out _) ? RequestRoute.Chat : RequestRoute.Completions;
        var policy = new DeterminismPolicy(options, rules ?? RequestRules.None, null, hasReceipts);
        return policy.Pin(RequestFields.Check(body, route, acceptsText: true), models ?? ServedModels.Unknown);
    }

    /// <summary>The object with a prompt as its first member, unless it has messages.</summary>
    private static string WithContent(string json)
    {
        if (json.Contains("\"messages\"", StringComparison.Ordinal))
            return json;
        int begin = json.IndexOf('{', StringComparison.Ordinal) + 1;
        bool isEmpty = json[begin..].TrimStart().StartsWith('}');
        return json.Insert(begin, isEmpty ? "\"prompt\":\"x\"" : "\"prompt\":\"x\",");
    }
}
