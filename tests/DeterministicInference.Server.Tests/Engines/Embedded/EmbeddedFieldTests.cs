using System.Net;
using System.Text.Json.Nodes;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.Server.Engines.Embedded;
using DeterministicInference.Server.OpenAI.Requests.Types;
using DeterministicInference.Server.Tests.OpenAI.Requests;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines.Embedded;

/// <summary>
/// The embedded engine honours a field or refuses it: no field with an effect is ignored, and no value without effect
/// makes a difference.
/// </summary>
public sealed class EmbeddedFieldTests(SharedEngines engines)
{
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]",
        Prompt = "\"prompt\":\"Once upon a time\"",
        // Past the end token, where even a confident model has to draw.
        Drawn = ",\"temperature\":2,\"seed\":7,\"max_tokens\":16,\"ignore_eos\":true",
        Greedy = ",\"temperature\":0,\"max_tokens\":64,\"ignore_eos\":true";

    private static readonly string Ending =
        $",\"temperature\":0,\"max_tokens\":4,\"logit_bias\":{{\"{SpecialTokens.End}\":100}},\"ignore_eos\":true";

    /// <summary>By path: members of a request, and the same with another value of the field.</summary>
    private static readonly Dictionary<string, (string Before, string After)> Both = new()
    {
        ["n"] = (Drawn, Drawn + ",\"n\":2"),
        ["seed"] = (Drawn, Drawn.Replace("\"seed\":7", "\"seed\":8", StringComparison.Ordinal)),
        ["max_tokens"] = (Drawn, Drawn.Replace(":16", ":15", StringComparison.Ordinal)),
        ["ignore_eos"] = (Ending, Ending.Replace("true", "false", StringComparison.Ordinal)),
        ["temperature"] = (Drawn, Drawn.Replace("\"temperature\":2", "\"temperature\":0", StringComparison.Ordinal)),
        ["top_p"] = (Drawn, Drawn + ",\"top_p\":0.1"),
        ["top_k"] = (Drawn, Drawn + ",\"top_k\":1"),
        ["min_p"] = (Drawn, Drawn + ",\"min_p\":0.9"),
        ["frequency_penalty"] = (Greedy, Greedy + ",\"frequency_penalty\":2"),
        ["presence_penalty"] = (Greedy, Greedy + ",\"presence_penalty\":2"),
        ["return_token_ids"] = (Drawn, Drawn + ",\"return_token_ids\":true"),
        // Every text of the model has one of these.
        ["stop"] = (Drawn, Drawn + ",\"stop\":[\" \",\"e\",\"a\",\"o\",\".\"]"),
    };

    private static readonly Dictionary<string, (string Before, string After)> Chats = new(Both)
    {
        ["messages"] = (
            Messages + Drawn,
            "\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"},{\"role\":\"assistant\",\"content\":\"Hm.\"}]"
                + Drawn
        ),
        ["messages[].role"] = (Messages + Drawn, Messages.Replace("user", "system", StringComparison.Ordinal) + Drawn),
        ["messages[].content"] = (Messages + Drawn, Messages.Replace("Hello", "Bye", StringComparison.Ordinal) + Drawn),
        ["messages[].content[].text"] = (Parts("Hello!") + Drawn, Parts("Bye!") + Drawn),
        ["max_completion_tokens"] = (Drawn, Drawn + ",\"max_completion_tokens\":5"),
        ["logprobs"] = (Drawn, Drawn + ",\"logprobs\":true"),
        ["top_logprobs"] = (Drawn + ",\"logprobs\":true", Drawn + ",\"logprobs\":true,\"top_logprobs\":2"),
    };

    private static readonly Dictionary<string, (string Before, string After)> Completions = new(Both)
    {
        ["prompt"] = (Prompt + Drawn, Prompt.Replace("time", "day", StringComparison.Ordinal) + Drawn),
        ["echo"] = (Drawn, Drawn + ",\"echo\":true"),
        ["logprobs"] = (Drawn, Drawn + ",\"logprobs\":0"),
    };

    /// <summary>Fields that must not be ignored, each with a value with an effect; for both routes.</summary>
    public static TheoryData<string> Ignored =>
        [
            "\"structured_outputs\":{\"choice\":[\"yes\",\"no\"]}",
            "\"structured_outputs\":{\"regex\":\"[0-9]{3}\"}",
            "\"guided_json\":{}",
            "\"guided_regex\":\"[0-9]{3}\"",
            "\"guided_choice\":[\"yes\",\"no\"]",
            "\"guided_grammar\":\"x\"",
            "\"grammar\":\"root ::= [0-9]+\"",
            "\"json_schema\":{\"type\":\"object\"}",
            "\"json_schema\":{}",
            "\"regex\":\"[0-9]{3}\"",
            "\"ebnf\":\"x\"",
            "\"response_format\":{\"type\":\"json_object\"}",
            "\"repetition_penalty\":1.1",
            "\"repeat_penalty\":1.1",
            "\"min_tokens\":5",
            "\"stop_token_ids\":[5]",
            "\"include_stop_str_in_output\":true",
            "\"no_stop_trim\":true",
            "\"bad_words\":[\"x\"]",
            "\"allowed_token_ids\":[5]",
            "\"typical_p\":0.5",
            "\"mirostat\":2",
            "\"mirostat_mode\":2",
            "\"samplers\":[\"top_k\"]",
            "\"xtc_probability\":0.5",
            "\"dry_multiplier\":0.8",
            "\"tfs_z\":0.9",
            "\"top_a\":0.1",
            "\"use_beam_search\":true",
            "\"num_beams\":4",
            "\"do_sample\":false",
            "\"truncate_prompt_tokens\":2",
            "\"prompt_logprobs\":1",
            "\"skip_special_tokens\":false",
            "\"spaces_between_special_tokens\":false",
            "\"logits_processors\":[\"x\"]",
            "\"custom_logit_processor\":\"x\"",
            "\"lora\":[{\"id\":0}]",
            "\"lora_path\":\"a\"",
            "\"session_id\":\"s\"",
            "\"t_max_predict_ms\":5",
            "\"max_new_tokens\":5",
            "\"n_predict\":5",
            "\"num_ctx\":512",
            "\"options\":{\"temperature\":0}",
            "\"extra_body\":{\"temperature\":0}",
            "\"thinking\":{\"type\":\"enabled\"}",
            "\"enable_thinking\":true",
            "\"thinking_token_budget\":5",
            "\"chat_template\":\"{{ messages }}\"",
            "\"chat_template_kwargs\":{\"enable_thinking\":false}",
            "\"continue_final_message\":true",
            "\"add_generation_prompt\":false",
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
            "\"tool_choice\":\"required\"",
            "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"f\"}}",
            "\"function_call\":{\"name\":\"f\"}",
            "\"modalities\":[\"text\",\"audio\"]",
            "\"audio\":{\"voice\":\"alloy\",\"format\":\"wav\"}",
            "\"web_search_options\":{}",
            "\"prediction\":{\"type\":\"content\",\"content\":\"x\"}",
            "\"reasoning_effort\":\"low\"",
            "\"verbosity\":\"high\"",
            "\"moderation\":{\"model\":\"x\"}",
            "\"return_hidden_states\":true",
            "\"return_prompt_text\":true",
            "\"n_probs\":3",
        ];

    [Theory]
    [MemberData(nameof(Ignored))]
    public async Task A_field_that_it_does_not_honour_is_refused_by_name_on_both_routes(string member)
    {
        string name = member[1..member.IndexOf('"', 1)];
        await RefusedAsync(ApiClient.Chat, $$"""{{{Messages}},{{member}}}""", name);
        await RefusedAsync(ApiClient.Completions, $$"""{{{Prompt}},{{member}}}""", name);
    }

    [Theory]
    [InlineData(ApiClient.Completions, "\"max_completion_tokens\":5", "max_completion_tokens")]
    [InlineData(ApiClient.Completions, "\"top_logprobs\":2", "top_logprobs")]
    [InlineData(ApiClient.Completions, "\"add_special_tokens\":false", "add_special_tokens")]
    [InlineData(ApiClient.Completions, "\"suffix\":\"x\"", "suffix")]
    [InlineData(ApiClient.Completions, "\"best_of\":2", "best_of")]
    [InlineData(ApiClient.Chat, "\"best_of\":2", "best_of")]
    [InlineData(ApiClient.Chat, "\"suffix\":\"x\"", "suffix")]
    [InlineData(ApiClient.Chat, "\"echo\":true", "echo")]
    [InlineData(ApiClient.Chat, "\"prompt\":\"x\"", "prompt")]
    [InlineData(ApiClient.Chat, "\"add_special_tokens\":true", "add_special_tokens")]
    [InlineData(ApiClient.Chat, "\"input_ids\":[5]", "input_ids")]
    [InlineData(ApiClient.Chat, "\"documents\":[{\"text\":\"x\"}]", "documents")]
    public Task A_field_of_the_other_route_is_refused(string path, string member, string name) =>
        RefusedAsync(path, $$"""{{{(path == ApiClient.Chat ? Messages : Prompt)}},{{member}}}""", name);

    [Theory]
    [InlineData("\"role\":\"user\",\"content\":\"x\",\"name\":\"Ann\"", "messages[0].name")]
    [InlineData(
        "\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"type\":\"function\",\"function\":{\"name\":\"f\"}}]",
        "messages[0].tool_calls"
    )]
    [InlineData("\"role\":\"assistant\",\"function_call\":{\"name\":\"f\"}", "messages[0].function_call")]
    [InlineData("\"role\":\"assistant\",\"content\":\"x\",\"refusal\":\"no\"", "messages[0].refusal")]
    [InlineData("\"role\":\"assistant\",\"content\":\"x\",\"audio\":{\"id\":\"a\"}", "messages[0].audio")]
    [InlineData(
        "\"role\":\"assistant\",\"content\":\"x\",\"reasoning_content\":\"hm\"",
        "messages[0].reasoning_content"
    )]
    [InlineData("\"role\":\"assistant\",\"content\":\"x\",\"prefix\":true", "messages[0].prefix")]
    public Task A_member_of_a_message_that_it_does_not_honour_is_refused(string message, string path) =>
        RefusedAsync(ApiClient.Chat, $$"""{"messages":[{{{message}}},{"role":"user","content":"x"}]}""", path);

    /// <summary>Answers name the model, and only text parts are read.</summary>
    [Theory]
    [InlineData(RequestRoute.Chat)]
    [InlineData(RequestRoute.Completions)]
    internal void Every_field_that_it_honours_has_its_case_here(RequestRoute route)
    {
        Dictionary<string, (string, string)> cases = route == RequestRoute.Chat ? Chats : Completions;
        string[] without = ["model", "messages[].content[].type", "logit_bias"];
        Assert.Equal(
            EmbeddedFields.Honoured.Of(route).Except(without).Order(StringComparer.Ordinal),
            cases.Keys.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public async Task Every_field_that_it_honours_changes_the_answer_or_what_is_told_of_it()
    {
        ApiClient api = await engines.ChatAsync();
        foreach (
            (string path, string content, Dictionary<string, (string Before, string After)> cases) in ((
                string,
                string,
                Dictionary<string, (string, string)>
            )[])
                [(ApiClient.Chat, Messages, Chats), (ApiClient.Completions, Prompt, Completions)]
        )
        {
            foreach ((string field, (string before, string after)) in cases)
            {
                string[] bodies =
                [
                    .. ((string[])[before, after]).Select(members =>
                        members[0] == ',' ? $$"""{{{content}}{{members}}}""" : $$"""{{{members}}}"""
                    ),
                ];
                string one = await AnswerAsync(api, path, bodies[0]),
                    other = await AnswerAsync(api, path, bodies[1]);
                Assert.False(one == other, $"{path} {field}: {one}");
                // The field causes the difference: each answer repeats.
                Assert.Equal(one, await AnswerAsync(api, path, bodies[0]));
            }
        }
    }

    [Theory]
    [InlineData(ApiClient.Chat, Messages)]
    [InlineData(ApiClient.Completions, Prompt)]
    public async Task A_bias_keeps_a_token_out(string path, string content)
    {
        ApiClient api = await engines.ChatAsync();
        string greedy = $$"""{{{content}},"temperature":0,"max_tokens":1,"return_token_ids":true""";
        int token = await FirstTokenAsync(greedy + "}");
        int other = await FirstTokenAsync($$$"""{{{greedy}}},"logit_bias":{"{{{token}}}":-100}}""");
        Assert.NotEqual(token, other);

        async Task<int> FirstTokenAsync(string body) =>
            (int)(await api.JsonAsync(path, body))["choices"]![0]!["token_ids"]![0]!;
    }

    [Theory]
    [InlineData(RequestRoute.Chat)]
    [InlineData(RequestRoute.Completions)]
    internal async Task No_value_without_effect_makes_a_difference(RequestRoute route)
    {
        ApiClient api = await engines.ChatAsync();
        string path = route == RequestRoute.Chat ? ApiClient.Chat : ApiClient.Completions;
        var usual = new Dictionary<string, string>();
        int same = 0;
        foreach (Field field in FieldExample.Rows.Where(row => row.Route == route).Select(row => row.Field))
        {
            if (IsWithinWhatIsRefused(field, route))
                continue;
            foreach (string value in (string[])["null", .. FieldExample.NeutralValuesOf(field)])
            {
                if (value == "null" && (field.IsRequired || field.RequiredWhere is not null))
                    continue;
                JsonObject with = JsonNode.Parse(FieldExample.RequestOf(route, field.Path, value))!.AsObject(),
                    without = with.DeepClone().AsObject();
                if (!field.Path.Contains('.', StringComparison.Ordinal))
                    without.Remove(field.Path);
                else
                    without = JsonNode.Parse(FieldExample.RequestOf(route, "x", "1"))!.AsObject();
                string expected = await UsualAsync(Short(without, field.Path));
                Assert.Equal(
                    (with.ToJsonString(), expected),
                    (with.ToJsonString(), await AnswerAsync(api, path, Short(with, field.Path)))
                );
                same++;
            }
        }
        Assert.True(same > 250, $"{same}");

        async Task<string> UsualAsync(string body)
        {
            if (!usual.TryGetValue(body, out string? answer))
                usual.Add(body, answer = await AnswerAsync(api, path, body));
            return answer;
        }
    }

    [Fact]
    public async Task Tools_that_must_not_be_called_make_no_difference()
    {
        ApiClient api = await engines.ChatAsync();
        string usual = await AnswerAsync(api, ApiClient.Chat, $$"""{{{Messages}}{{Drawn}}}""");
        foreach (
            string tools in (string[])
                [
                    "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"none\"",
                    "\"functions\":[{\"name\":\"f\"}],\"function_call\":\"none\"",
                    "\"tools\":[],\"tool_choice\":\"auto\",\"parallel_tool_calls\":false",
                    "\"n\":1,\"best_of\":1",
                ]
        )
            Assert.Equal(usual, await AnswerAsync(api, ApiClient.Chat, $$"""{{{Messages}}{{Drawn}},{{tools}}}"""));
    }

    private static string Parts(string text) =>
        $$"""
            "messages":[{"role":"user","content":[{"type":"text","text":"{{text}}"}]}]
            """;

    /// <summary>Whether a field is in an object that is refused as a whole.</summary>
    private static bool IsWithinWhatIsRefused(Field field, RequestRoute route)
    {
        int dot = field.Path.LastIndexOf('.');
        if (dot < 0 || field.Path.StartsWith("stream_options", StringComparison.Ordinal))
            return dot >= 0;
        string parent = field.Path[..dot];
        return !EmbeddedFields.Honoured.Honours(
            route,
            parent.EndsWith("[]", StringComparison.Ordinal) ? parent[..^2] : parent
        );
    }

    /// <summary>The request with a seed and a limit, except for the field under test.</summary>
    private static string Short(JsonObject request, string tried)
    {
        foreach ((string name, int value) in ((string, int)[])[("max_tokens", 3), ("seed", 7)])
        {
            if (name != tried)
                request.TryAdd(name, value);
        }
        return request.ToJsonString();
    }

    /// <summary>An answer without its id and time.</summary>
    private static async Task<string> AnswerAsync(ApiClient api, string path, string body)
    {
        Reply reply = await api.PostAsync(path, body);
        Assert.True(reply.Status == HttpStatusCode.OK, $"{body}: {reply.Body}");
        JsonObject answer = reply.Json;
        Assert.True(answer.Remove("id") && answer.Remove("created"));
        return answer.ToJsonString();
    }

    private async Task RefusedAsync(string path, string body, string param)
    {
        ApiClient api = await engines.ChatAsync();
        JsonNode error = OpenAIErrors.Read(await api.PostAsync(path, body), HttpStatusCode.BadRequest);
        Assert.Equal((param, "unsupported_parameter"), ((string?)error["param"], (string?)error["code"]));
        Assert.StartsWith($"Unsupported parameter: '{param}'. ", (string?)error["message"], StringComparison.Ordinal);
    }
}
