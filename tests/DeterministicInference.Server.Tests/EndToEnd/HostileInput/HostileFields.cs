using static DeterministicInference.Server.Tests.EndToEnd.HostileInput.HostileInput;

namespace DeterministicInference.Server.Tests.EndToEnd.HostileInput;

/// <summary>
/// Values of fields: of another type, out of range, written as strings, or legal and easily refused by mistake.
/// </summary>
internal static class HostileFields
{
    private const string Types = "Fields: type and range",
        Messages = "Fields: messages, prompts, tools",
        Strings = "Fields: scalars as strings",
        Legal = "Fields: legal forms";
    private const string Type = "invalid_type",
        Missing = "missing_required_parameter",
        Value = "invalid_value",
        Empty = "empty_array";

    public static IEnumerable<HostileInput> All =>
        [
            .. (
                ((string Field, string Code, string Param)[])
                    [
                        ("\"model\":5", Type, "model"),
                        ("\"stream\":1", Type, "stream"),
                        ("\"stream\":\"yes\"", Type, "stream"),
                        ("\"stream\":\"True\"", Type, "stream"),
                        ("\"stream_options\":[]", Type, "stream_options"),
                        ("\"stream_options\":{\"include_usage\":1}", Type, "stream_options.include_usage"),
                        ("\"n\":0", "integer_below_min_value", "n"),
                        ("\"n\":129", "integer_above_max_value", "n"),
                        ("\"n\":1000000000", "integer_above_max_value", "n"),
                        ("\"n\":1e9", "integer_above_max_value", "n"),
                        ("\"n\":1.5", Type, "n"),
                        ("\"n\":\"\"", Type, "n"),
                        ("\"n\":\"129\"", "integer_above_max_value", "n"),
                        ("\"n\":\"1 \"", Type, "n"),
                        ("\"n\":\"0x1\"", Type, "n"),
                        ("\"n\":[1]", Type, "n"),
                        ("\"seed\":1.5", Type, "seed"),
                        ("\"seed\":9223372036854775808", "integer_out_of_range", "seed"),
                        ("\"seed\":\"abc\"", Type, "seed"),
                        ("\"max_tokens\":-1", "integer_below_min_value", "max_tokens"),
                        ("\"max_tokens\":1.5", Type, "max_tokens"),
                        ("\"max_tokens\":\"ten\"", Type, "max_tokens"),
                        ("\"max_tokens\":" + new string('9', 10_000), "integer_out_of_range", "max_tokens"),
                        ("\"max_tokens\":2147483648", "integer_above_max_value", "max_tokens"),
                        ("\"temperature\":99", "decimal_above_max_value", "temperature"),
                        ("\"temperature\":-0.1", "decimal_below_min_value", "temperature"),
                        ("\"temperature\":1e999", "decimal_above_max_value", "temperature"),
                        ("\"temperature\":[]", Type, "temperature"),
                        ("\"temperature\":true", Type, "temperature"),
                        ("\"temperature\":\"NaN\"", Type, "temperature"),
                        ("\"temperature\":\"2.5\"", "decimal_above_max_value", "temperature"),
                        ("\"top_p\":7", "decimal_above_max_value", "top_p"),
                        ("\"top_p\":-1", "decimal_below_min_value", "top_p"),
                        ("\"frequency_penalty\":2.1", "decimal_above_max_value", "frequency_penalty"),
                        ("\"presence_penalty\":-2.1", "decimal_below_min_value", "presence_penalty"),
                        ("\"stop\":5", Type, "stop"),
                        ("\"stop\":[\"a\",5]", Type, "stop[1]"),
                        ("\"stop\":{}", Type, "stop"),
                        ("\"logit_bias\":[]", Type, "logit_bias"),
                        ("\"logit_bias\":{\"hello\":1}", Value, "logit_bias"),
                        ("\"logit_bias\":{\"5\":101}", "decimal_above_max_value", "logit_bias.5"),
                        ("\"logit_bias\":{\"5\":\"1\"}", Type, "logit_bias.5"),
                        ("\"user\":{}", Type, "user"),
                        ("\"best_of\":-1", "integer_below_min_value", "best_of"),
                        ("\"echo\":\"yes\"", Type, "echo"),
                        ("\"suffix\":5", Type, "suffix"),
                        ("\"logprobs\":true", Type, "logprobs"),
                        ("\"logprobs\":-1", "integer_below_min_value", "logprobs"),
                    ]
            ).Select(item => Field(item.Field, item.Code, item.Param)),
            .. (
                ((string Field, string Code, string Param)[])
                    [
                        ("\"max_completion_tokens\":-1", "integer_below_min_value", "max_completion_tokens"),
                        ("\"logprobs\":3", Type, "logprobs"),
                        ("\"top_logprobs\":-1", "integer_below_min_value", "top_logprobs"),
                        ("\"response_format\":\"json_object\"", Type, "response_format"),
                        ("\"response_format\":{}", Missing, "response_format.type"),
                        ("\"response_format\":{\"type\":5}", Type, "response_format.type"),
                        ("\"tools\":{}", Type, "tools"),
                        ("\"tools\":[5]", Type, "tools[0]"),
                        ("\"tools\":[{\"type\":\"function\",\"function\":{}}]", Missing, "tools[0].function.name"),
                        (
                            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":[]}}]",
                            Type,
                            "tools[0].function.parameters"
                        ),
                        ("\"tool_choice\":5", Type, "tool_choice"),
                        ("\"parallel_tool_calls\":\"maybe\"", Type, "parallel_tool_calls"),
                        ("\"functions\":[{}]", Missing, "functions[0].name"),
                        ("\"metadata\":[]", Type, "metadata"),
                        ("\"modalities\":[5]", Type, "modalities[0]"),
                        ("\"store\":5", Type, "store"),
                        ("\"reasoning_effort\":3", Type, "reasoning_effort"),
                    ]
            ).Select(item =>
                Chat(
                    Types,
                    $"chat {item.Field}",
                    $$"""{"messages":[{"role":"user","content":"x"}],{{item.Field}}}""",
                    400,
                    item.Code,
                    item.Param
                )
            ),
            .. (
                ((string Messages, string Code, string Param)[])
                    [
                        ("null", Missing, "messages"),
                        ("\"x\"", Type, "messages"),
                        ("[]", Empty, "messages"),
                        ("[1]", Type, "messages[0]"),
                        ("[null]", Type, "messages[0]"),
                        ("[{}]", Missing, "messages[0].role"),
                        ("[{\"role\":5,\"content\":\"x\"}]", Type, "messages[0].role"),
                        ("[{\"role\":\"alien\",\"content\":\"x\"}]", Value, "messages[0].role"),
                        ("[{\"role\":\"user\"}]", Missing, "messages[0].content"),
                        ("[{\"role\":\"user\",\"content\":null}]", Missing, "messages[0].content"),
                        ("[{\"role\":\"user\",\"content\":5}]", Type, "messages[0].content"),
                        ("[{\"role\":\"user\",\"content\":\"\\udc00\"}]", Value, "messages[0].content"),
                        (
                            "[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"user\",\"content\":[5]}]",
                            Type,
                            "messages[1].content[0]"
                        ),
                        ("[{\"role\":\"user\",\"content\":[{}]}]", Missing, "messages[0].content[0].type"),
                        (
                            "[{\"role\":\"user\",\"content\":\"x\"},{\"role\":\"assistant\"},{\"role\":\"user\","
                                + "\"content\":[{\"type\":7}]}]",
                            Type,
                            "messages[2].content[0].type"
                        ),
                        (
                            "[{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}]",
                            Missing,
                            "messages[0].content[0].text"
                        ),
                        ("[{\"role\":\"user\",\"content\":\"x\",\"name\":5}]", Type, "messages[0].name"),
                        ("[{\"role\":\"assistant\",\"tool_calls\":5}]", Type, "messages[0].tool_calls"),
                    ]
            ).Select(item =>
                Chat(
                    Messages,
                    $"messages {item.Messages}",
                    $$"""{"messages":{{item.Messages}}}""",
                    400,
                    item.Code,
                    item.Param
                )
            ),
            Chat(Messages, "no messages", "{}", 400, Missing, "messages"),
            .. (
                ((string Prompt, string Code, string Param)[])
                    [
                        ("5", Type, "prompt"),
                        ("{}", Type, "prompt"),
                        ("[]", Empty, "prompt"),
                        ("[\"x\",5]", Type, "prompt[1]"),
                        ("[5,\"x\"]", Type, "prompt[1]"),
                        ("[5,-1]", "integer_below_min_value", "prompt[1]"),
                        ("[[1],[2,3.5]]", Type, "prompt[1][1]"),
                        ("[[1],[]]", Empty, "prompt[1]"),
                    ]
            ).Select(item =>
                Completion(
                    Messages,
                    $"prompt {item.Prompt}",
                    $$"""{"prompt":{{item.Prompt}}}""",
                    400,
                    item.Code,
                    item.Param
                )
            ),
            Completion(Messages, "no prompt", "{}", 400, Missing, "prompt"),
            .. (
                (string[])
                    [
                        "\"max_tokens\":\"10\"",
                        "\"temperature\":\"0.7\"",
                        "\"n\":\"2\"",
                        "\"seed\":\"-9\"",
                        "\"stream\":\"false\"",
                        "\"echo\":\"true\"",
                        "\"top_p\":\"1e-1\"",
                    ]
            ).Select(item => Completion(Strings, item, $$"""{"prompt":"x",{{item}}}""", 200)),
            .. (
                (string[])
                    [
                        "\"max_tokens\":null",
                        "\"seed\":-9223372036854775808",
                        "\"stop\":[]",
                        "\"stop\":[\"1\",\"2\",\"3\",\"4\",\"5\"]",
                        "\"stop\":null",
                        "\"logit_bias\":{}",
                        "\"logit_bias\":{\"50256\":-100}",
                        "\"temperature\":2",
                        "\"temperature\":0",
                        "\"logprobs\":5",
                        "\"stream_options\":{\"include_usage\":true}",
                        "\"user\":null",
                        "\"n\":null",
                        "\"best_of\":1",
                    ]
            ).Select(item => Completion(Legal, item, $$"""{"prompt":"x",{{item}}}""", 200)),
            .. ((string[])["[\"x\"]", "[\"x\",\"y\"]", "[1,2,3]", "[[1,2],[3]]", "\"\""]).Select(prompt =>
                Completion(Legal, $"prompt {prompt}", $$"""{"prompt":{{prompt}}}""", 200)
            ),
            .. (
                (string[])
                    [
                        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"1\","
                            + "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}",
                        "{\"role\":\"tool\",\"content\":\"x\",\"tool_call_id\":\"1\"}",
                        "{\"role\":\"developer\",\"content\":\"x\"}",
                        "{\"role\":\"function\",\"name\":\"f\",\"content\":null}",
                        "{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:,\"}},"
                            + "{\"type\":\"video_url\"}]}",
                    ]
            ).Select(message => Chat(Legal, message, $$"""{"messages":[{{message}}]}""", 200)),
            .. (
                (string[])
                    [
                        "\"response_format\":{\"type\":\"structural_tag\",\"x\":1}",
                        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":{}}}",
                        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
                            + "\"parameters\":{\"type\":\"object\"}}}],\"tool_choice\":\"auto\"",
                        "\"logprobs\":true,\"top_logprobs\":5",
                        "\"max_completion_tokens\":5",
                        "\"reasoning_effort\":\"xhigh\"",
                    ]
            ).Select(item =>
                Chat(Legal, $"chat {item}", $$"""{"messages":[{"role":"user","content":"x"}],{{item}}}""", 200)
            ),
        ];

    private static HostileInput Field(string member, string code, string param) =>
        Completion(
            Types,
            member.Length > 60 ? member[..40] + "…" : member,
            $$"""{"prompt":"x",{{member}}}""",
            400,
            code,
            param
        );
}
