using System.Text;
using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;
using DeterministicInference.Server.Tests.OpenAI.Requests;
using Xunit;

namespace DeterministicInference.Server.Tests.Determinism;

/// <summary>Fields that an engine would ignore are refused, and fields without effect are not.</summary>
public sealed class FieldSupportTests
{
    private const string Unsupported = "unsupported_parameter",
        Nondeterministic = "nondeterministic_request";

    private static readonly Dictionary<string, int> Order = RequestFields
        .All.Select((field, i) => (field.Path, i))
        .DistinctBy(row => row.Path)
        .ToDictionary();

    private static readonly ServeOptions Off = new() { Determinism = DeterminismMode.Off };

    public static TheoryData<string> Known => [.. EngineRegistry.BuiltIn.KnownFields.Select(engine => engine.Name)];

    [Theory]
    [MemberData(nameof(Known))]
    public void Every_field_with_an_effect_is_honoured_or_refused_by_its_path(string engine)
    {
        IEngineKind kind = EngineRegistry.BuiltIn.Find(engine)!;
        int honoured = 0,
            refused = 0;
        foreach ((Field field, RequestRoute route) in FieldExample.Rows)
        {
            string value = FieldExample.ValueOf(field),
                json = FieldExample.RequestOf(route, field, value);
            (string Code, string Param)? expected = Expected(kind, route, field, value);
            Assert.Equal((json, expected), (json, Refusal(kind, route, json)));
            // A plain proxy leaves the field to the engine.
            Assert.Null(Refusal(kind, route, json, Off));
            (honoured, refused) = expected is null ? (honoured + 1, refused) : (honoured, refused + 1);
        }
        Assert.True(honoured > 60 && refused > 60);
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void No_value_without_effect_is_refused(string engine)
    {
        IEngineKind kind = EngineRegistry.BuiltIn.Find(engine)!;
        int taken = 0;
        foreach ((Field field, RequestRoute route) in FieldExample.Rows)
        {
            foreach (string value in (string[])["null", .. FieldExample.NeutralValuesOf(field)])
            {
                // Members of an object may have no effect although the object has one.
                if (field.Path.Contains('.', StringComparison.Ordinal) && Unhonoured(kind, route, field))
                    continue;
                if (value == "null" && (field.IsRequired || field.RequiredWhere is not null))
                    continue;
                // Fields with rules of llama-server.
                if (kind.Requests.Refusals.Any(refusal => refusal.Name == field.Path) && value != "null")
                    continue;
                string json = FieldExample.RequestOf(route, field.Path, value);
                Assert.Equal((json, null), (json, Refusal(kind, route, json)));
                taken++;
            }
        }
        Assert.True(taken > 300);
    }

    /// <summary>Fields of one route have no meaning on the other.</summary>
    [Theory]
    [InlineData("vllm", "tools", "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tools")]
    [InlineData("vllm", "max_completion_tokens", "5", "max_completion_tokens")]
    [InlineData("vllm", "tools", "[]", null)]
    [InlineData("vllm", "reasoning_effort", "\"low\"", "reasoning_effort")]
    [InlineData("vllm", "response_format", "{\"type\":\"json_object\"}", null)]
    [InlineData("llamacpp", "response_format", "{\"type\":\"json_object\"}", "response_format")]
    [InlineData("llamacpp", "response_format", "{\"type\":\"text\"}", null)]
    [InlineData("llamacpp", "max_completion_tokens", "5", null)]
    [InlineData("llamacpp", "echo", "true", "echo")]
    [InlineData("llamacpp", "suffix", "\"x\"", "suffix")]
    [InlineData("llamacpp", "best_of", "3", "best_of")]
    [InlineData("sglang", "top_logprobs", "2", "top_logprobs")]
    [InlineData("tgi", "logprobs", "2", "logprobs")]
    [InlineData("tgi", "n", "1", null)]
    [InlineData("embedded", "messages", "[{\"role\":\"user\",\"content\":\"x\"}]", "messages")]
    public void A_completion_has_what_the_engine_reads_of_completions(
        string engine,
        string name,
        string value,
        string? refused
    ) =>
        Assert.Equal(
            refused is null ? null : (Unsupported, refused),
            Refusal(
                EngineRegistry.BuiltIn.Find(engine)!,
                RequestRoute.Completions,
                $$"""{"prompt":"x","{{name}}":{{value}}}"""
            )
        );

    [Theory]
    [InlineData("vllm", "\"prompt\":\"x\"", "prompt")]
    [InlineData("vllm", "\"best_of\":3", "best_of")]
    [InlineData("vllm", "\"best_of\":1", null)]
    [InlineData("vllm", "\"n\":3,\"best_of\":3", null)]
    [InlineData("vllm", "\"suffix\":\"x\"", "suffix")]
    [InlineData("vllm", "\"echo\":true", null)]
    [InlineData("sglang", "\"echo\":true", "echo")]
    [InlineData("sglang", "\"json_schema\":\"{}\"", "json_schema")]
    // A condition that is met, and one that is not.
    [InlineData("vllm", "\"dry_base\":1.5", null)]
    [InlineData("vllm", "\"dry_multiplier\":0,\"dry_base\":1.5", null)]
    [InlineData("vllm", "\"dry_multiplier\":0.5,\"dry_base\":1.5", "dry_multiplier")]
    [InlineData("sglang", "\"length_penalty\":1.2,\"early_stopping\":true", null)]
    [InlineData("embedded", "\"parallel_tool_calls\":false", null)]
    // Tools that must not be called.
    [InlineData("embedded", "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tools")]
    [InlineData(
        "embedded",
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":true}}],\"tool_choice\":\"none\"",
        null
    )]
    [InlineData("embedded", "\"functions\":[{\"name\":\"f\"}],\"function_call\":\"none\"", null)]
    [InlineData("embedded", "\"tool_choice\":\"auto\"", null)]
    [InlineData("embedded", "\"tool_choice\":\"required\"", "tool_choice")]
    [InlineData(
        "llamacpp",
        "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}",
        "tool_choice.function"
    )]
    // Names and words in messages.
    [InlineData("vllm", "\"x\":1", null)]
    public void A_chat_has_what_the_engine_reads_of_chats(string engine, string members, string? refused) =>
        Assert.Equal(
            refused is null ? null : (Unsupported, refused),
            Refusal(
                EngineRegistry.BuiltIn.Find(engine)!,
                RequestRoute.Chat,
                $$"""{"messages":[{"role":"user","content":"x"}],{{members}}}"""
            )
        );

    [Theory]
    [InlineData("embedded", """{"role":"user","content":"x","name":"Ann"}""", "messages[1].name")]
    [InlineData("vllm", """{"role":"user","content":"x","name":"Ann"}""", null)]
    [InlineData("tgi", """{"role":"user","content":"x","name":"Ann"}""", "messages[1].name")]
    [InlineData("vllm", """{"role":"assistant","content":"x","refusal":"no"}""", "messages[1].refusal")]
    [InlineData(
        "vllm",
        """{"role":"assistant","content":"x","refusal":null,"audio":null,"function_call":null,"tool_calls":[]}""",
        null
    )]
    [InlineData(
        "embedded",
        """{"role":"assistant","content":"x","refusal":null,"audio":null,"function_call":null,"tool_calls":[]}""",
        null
    )]
    [InlineData("sglang", """{"role":"assistant","content":"x","reasoning":"hm"}""", "messages[1].reasoning")]
    [InlineData("sglang", """{"role":"assistant","content":"x","reasoning_content":"hm"}""", null)]
    [InlineData("embedded", """{"role":"assistant","content":"x","audio":{"id":"a"}}""", "messages[1].audio")]
    [InlineData(
        "llamacpp",
        """{"role":"assistant","function_call":{"name":"f","arguments":"{}"}}""",
        "messages[1].function_call"
    )]
    public void Members_of_messages_count_too(string engine, string message, string? refused) =>
        Assert.Equal(
            refused is null ? null : (Unsupported, refused),
            Refusal(
                EngineRegistry.BuiltIn.Find(engine)!,
                RequestRoute.Chat,
                $$"""{"messages":[{"role":"user","content":"x"},{{message}}]}"""
            )
        );

    /// <summary>
    /// Fields that routers, benchmarks and SDKs send by themselves (vLLM's and SGLang's routers, vllm bench, OpenAI).
    /// </summary>
    [Theory]
    [MemberData(nameof(Known))]
    public void What_clients_send_at_its_neutral_value_is_taken(string engine)
    {
        const string router = """
            "stream":false,"logprobs":false,"no_stop_trim":false,"ignore_eos":false,"continue_final_message":false,
            "skip_special_tokens":true,"separate_reasoning":true,"stream_reasoning":true,"return_hidden_states":false,
            "include_reasoning":true
            """;
        const string bench =
            "\"repetition_penalty\":1.0,\"logprobs\":null,\"min_tokens\":0,\"stop\":[],\"temperature\":0";
        const string sdk = """
            "n":1,"tools":[],"tool_choice":"none","response_format":{"type":"text"},"store":false,"user":"me",
            "metadata":{"a":"b"},"modalities":["text"],"service_tier":"auto","logit_bias":{},"top_k":-1,"min_p":0,
            "parallel_tool_calls":true,"verbosity":"medium","functions":[],"stop_token_ids":[],"bad_words":[],
            "max_completion_tokens":5,"stream_options":{},"prompt_cache_key":"k","safety_identifier":"s"
            """;
        foreach (string members in (string[])[router, bench, sdk])
        {
            string chat = $$"""{"messages":[{"role":"user","content":"x"}],{{members}}}""";
            Assert.Equal((chat, null), (chat, Refusal(EngineRegistry.BuiltIn.Find(engine)!, RequestRoute.Chat, chat)));
        }
    }

    /// <summary>Nothing is refused for an unknown engine.</summary>
    [Fact]
    public void An_unknown_engine_gets_everything_that_determines_an_answer()
    {
        IEngineKind external = EngineRegistry.BuiltIn.Find("external")!;
        Assert.Null(EngineRegistry.BuiltIn.SupportOf(external));
        foreach ((Field field, RequestRoute route) in FieldExample.Rows)
        {
            if (field.Changes == FieldChange.Nondeterminism)
                continue;
            string json = FieldExample.RequestOf(route, field, FieldExample.ValueOf(field));
            Assert.Equal((json, null), (json, Refusal(external, route, json)));
        }
    }

    [Theory]
    [InlineData(
        "embedded",
        "\"grammar\":\"x\"",
        "Unsupported parameter: 'grammar'. This engine does not honour it: leave it out, or use an engine that does "
            + "(llamacpp)."
    )]
    [InlineData(
        "vllm",
        "\"guided_regex\":\"x\"",
        "Unsupported parameter: 'guided_regex'. No supported engine honours it on this route: write it as "
            + "'structured_outputs.regex', or leave it out."
    )]
    [InlineData(
        "embedded",
        "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]",
        "Unsupported parameter: 'messages'. It belongs to the other route. Send it to /v1/chat/completions."
    )]
    [InlineData(
        "sglang",
        "\"top_logprobs\":2",
        "Unsupported parameter: 'top_logprobs'. No supported engine honours it on this route: write it as 'logprobs', "
            + "leave it out, or send the request to /v1/chat/completions."
    )]
    [InlineData(
        "vllm",
        "\"do_sample\":false",
        "Unsupported parameter: 'do_sample'. No supported engine honours it on this route: write it as 'temperature' 0, "
            + "or leave it out."
    )]
    [InlineData(
        "vllm",
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
        "Unsupported parameter: 'tools'. No supported engine honours it on this route: leave it out, or send the "
            + "request to /v1/chat/completions."
    )]
    [InlineData(
        "llamacpp",
        "\"repetition_penalty\":1.2",
        "Unsupported parameter: 'repetition_penalty'. This engine does not honour it: write it as 'repeat_penalty', "
            + "leave it out, or use an engine that does (sglang, vllm, tgi)."
    )]
    public void A_refusal_names_the_remedy(string engine, string member, string message)
    {
        OpenAIException e = Assert.Throws<OpenAIException>(() =>
            Pin(
                EngineRegistry.BuiltIn.Find(engine)!,
                RequestRoute.Completions,
                $$"""{"prompt":"x",{{member}}}""",
                new ServeOptions()
            )
        );
        Assert.Equal(message, e.Message);
    }

    [Theory]
    [InlineData(
        "embedded",
        "\"prompt\":\"x\"",
        "Unsupported parameter: 'prompt'. It belongs to the other route. Send it to /v1/completions."
    )]
    [InlineData(
        "embedded",
        "\"n_probs\":2",
        "Unsupported parameter: 'n_probs'. This engine does not honour it: write it as 'top_logprobs', leave it out, or "
            + "use an engine that does (llamacpp)."
    )]
    [InlineData(
        "embedded",
        "\"echo\":true",
        "Unsupported parameter: 'echo'. This engine does not honour it: leave it out, send the request to "
            + "/v1/completions, or use an engine that does (vllm)."
    )]
    public void A_refusal_of_a_chat_names_the_remedy(string engine, string member, string message)
    {
        OpenAIException e = Assert.Throws<OpenAIException>(() =>
            Pin(
                EngineRegistry.BuiltIn.Find(engine)!,
                RequestRoute.Chat,
                $$"""{"messages":[{"role":"user","content":"x"}],{{member}}}""",
                new ServeOptions()
            )
        );
        Assert.Equal(message, e.Message);
    }

    /// <summary>A value that a remedy names is one of that field's type.</summary>
    [Fact]
    public void The_values_of_aliases_have_an_effect()
    {
        FieldAlias[] aliases = [.. RequestFields.Everything.SelectMany(field => field.Aliases)];
        Assert.Contains(aliases, alias => alias.Value is not null);
        Assert.All(
            aliases.Where(alias => alias.Value is not null),
            alias =>
                Assert.DoesNotContain(
                    RequestFields.Everything,
                    field => field.Path == alias.Path && field.NoEffect.Matches(JsonElement.Parse(alias.Value!))
                )
        );
    }

    private static (string Code, string Param)? Expected(
        IEngineKind kind,
        RequestRoute route,
        Field field,
        string value
    )
    {
        RequestRules rules = kind.Requests;
        string place = FieldExample.PlaceOf(field);
        JsonElement parsed = JsonElement.Parse(value);
        FieldRefusal? refusal = rules.Refusals.FirstOrDefault(one =>
            one.Name == field.Path
            && one.Applies(parsed)
            && Meets(one, route, FieldExample.RequestOf(route, field, value))
        );
        if (field.Routes.HasFlag(route) && DeterminismPolicy.OwnFields.Contains(field.Path))
            return null;
        if (refusal is not null)
            return (refusal.IsUnsupported ? Unsupported : Nondeterministic, place);
        if (field.Changes == FieldChange.Nondeterminism && !rules.Harmless.Contains(field.Path))
            return (Nondeterministic, place);
        // Of what is not honoured, the first in the order of the table is told, and an object before its members.
        string[] used = FieldExample.CompanionOf(field) is { } companion
            ? [companion, .. Steps(field.Path)]
            : [.. Steps(field.Path)];
        string? ignored = used.Where(path => Matters(path, field, parsed) && !rules.Fields!.Honours(route, path))
            .OrderBy(path => Order[path.Split('.', '[')[0]])
            .FirstOrDefault();
        return ignored is null ? null : (Unsupported, ignored.Replace("[]", "[0]", StringComparison.Ordinal));
    }

    private static bool Meets(FieldRefusal refusal, RequestRoute route, string json)
    {
        using RequestBody body = RequestBody.Parse(Encoding.UTF8.GetBytes(json));
        return refusal.When(RequestFields.Check(body, route, acceptsText: true));
    }

    /// <summary>Whether a field of the request changes the answer or what is told of it.</summary>
    private static bool Matters(string path, Field field, JsonElement value)
    {
        Field row = path == field.Path ? field : RequestFields.Everything.First(other => other.Path == path);
        return row.Changes is not (FieldChange.Nothing or FieldChange.Delivery)
            && !(path == field.Path && row.NoEffect.Matches(value));
    }

    /// <summary>The paths of the objects that a field is in, and its own.</summary>
    private static IEnumerable<string> Steps(string path)
    {
        for (int dot = path.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = path.IndexOf('.', dot + 1))
        {
            string step = path[..dot];
            yield return step.EndsWith("[]", StringComparison.Ordinal) ? step[..^2] : step;
        }
        yield return path;
    }

    private static bool Unhonoured(IEngineKind kind, RequestRoute route, Field field) =>
        Steps(field.Path).SkipLast(1).Any(step => !kind.Requests.Fields!.Honours(route, step));

    private static (string Code, string Param)? Refusal(
        IEngineKind kind,
        RequestRoute route,
        string json,
        ServeOptions? options = null
    )
    {
        try
        {
            Pin(kind, route, json, options ?? new ServeOptions());
            return null;
        }
        catch (OpenAIException e)
        {
            Assert.Equal(400, e.Status);
            Assert.InRange(e.Message.Length, 10, 300);
            return (e.Code!, e.Param!);
        }
    }

    private static void Pin(IEngineKind kind, RequestRoute route, string json, ServeOptions options)
    {
        using RequestBody body = RequestBody.Parse(Encoding.UTF8.GetBytes(json));
        var policy = new DeterminismPolicy(
            options,
            kind.Requests,
            EngineRegistry.BuiltIn.SupportOf(kind),
            hasReceipts: false
        );
        policy.Pin(RequestFields.Check(body, route, acceptsText: true), ServedModels.Unknown);
    }
}
