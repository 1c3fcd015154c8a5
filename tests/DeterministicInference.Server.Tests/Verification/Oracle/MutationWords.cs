using System.Collections.Frozen;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>What random changes are made of.</summary>
internal static class MutationWords
{
    private const string False = """{"choices":[{"index":0,"delta":{"content":"EVIL"},"finish_reason":null}]}""";

    /// <summary>Members whose text is not cut where an element is split.</summary>
    public static FrozenSet<string> Kept { get; } =
        FrozenSet.Create(StringComparer.Ordinal, "role", "type", "id", "finish_reason", "name", "model");

    /// <summary>Names of members, and of members that others read in their place.</summary>
    public static IReadOnlyDictionary<string, string> Twins { get; } =
        new Dictionary<string, string>
        {
            ["reasoning_content"] = "reasoning",
            ["reasoning"] = "reasoning_content",
            ["message"] = "delta",
            ["delta"] = "message",
            ["function"] = "custom",
            ["custom"] = "function",
            ["arguments"] = "input",
            ["input"] = "arguments",
            ["token_ids"] = "response_token_ids",
            ["content"] = "refusal",
            ["refusal"] = "content",
            ["text"] = "content",
            ["tokens"] = "content",
            ["tool_calls"] = "function_call",
            ["seed"] = "Seed",
            ["class"] = "Class",
            ["response"] = "Response",
            ["body"] = "body_base64",
        };

    public static IReadOnlyList<string> Names { get; } =
    [
        .. """
            choices error object usage prompt_token_ids sglext id created timings environment determinism model index text
            finish_reason logprobs token_ids response_token_ids message delta role content reasoning_content reasoning refusal
            function_call tool_calls function custom type name arguments input tokens token_logprobs top_logprobs token
            logprob bytes output_ids input_ids prompt_tokens completion_tokens total_tokens form receipt statement response
            request body body_base64 path delivery content_type vkey class reasons facts annotations audio thinking
            reasoning_details images citations sources stop_reason matched_stop nobody __proto__ seed messages prompt
            max_tokens max_completion_tokens salt salts trail proof receipt_id
            """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        "",
        @"\ud83d",
        "refu\u017fal",
        "to\u212aen",
    ];

    /// <summary>Values, all JSON.</summary>
    public static IReadOnlyList<string> Values { get; } =
    [
        "null",
        "\"\"",
        "\"EVIL\"",
        "\"EVIL\"",
        "\"stop\"",
        "\"length\"",
        "\"error\"",
        "\"assistant\"",
        "\"system\"",
        "\"function\"",
        "\"custom\"",
        "\"json\"",
        "\"sse\"",
        "\"best-effort\"",
        "\"\ufffd\"",
        @"""\ud83d""",
        "\"\u2028\"",
        "0",
        "1",
        "-1",
        "7",
        "4",
        "0.0",
        "1e999",
        "18446744073709551616",
        "true",
        "false",
        "{}",
        "[]",
        "[null]",
        "[{}]",
        "[1,2,3]",
        "[[1,2,3]]",
        "[\"EVIL\"]",
        """{"content":"EVIL"}""",
        """{"message":"EVIL"}""",
        """{"name":"pay","arguments":"{}"}""",
        """{"name":"pay","input":"EVIL"}""",
        """[{"type":"text","text":"EVIL"}]""",
        """[{"index":0,"message":{"role":"assistant","content":"EVIL"},"finish_reason":"stop"}]""",
        """{"index":0,"message":{"content":"EVIL"},"delta":{"content":"EVIL"},"text":"EVIL","finish_reason":"stop"}""",
        """[{"id":"c9","type":"function","function":{"name":"pay","arguments":"{}"}}]""",
        """{"index":0,"id":"c9","type":"function","function":{"name":"pay","arguments":"{}"}}""",
        """{"content":[{"token":"EVIL","logprob":-1,"top_logprobs":[]}],"refusal":null}""",
        """{"tokens":["EVIL"],"token_logprobs":[-1],"top_logprobs":[{"EVIL":-1}]}""",
        """[{"token":"EVIL","logprob":-1}]""",
        """{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}""",
        """{"output_ids":[[1,2]],"input_ids":[9]}""",
        """{"delivery":"json","content_type":"x","body":"{\"choices\":[{\"message\":{\"content\":\"EVIL\"}}]}"}""",
        """{"path":"/v1/chat/completions","body":"{\"messages\":\"EVIL\"}"}""",
        """{"statement":"EVIL"}""",
        """{"class":"best-effort","reasons":["EVIL"],"facts":{}}""",
    ];

    public static IReadOnlyList<string> Numbers { get; } =
    ["0", "1", "-1", "3", "4", "5", "42", "4.0", "0e0", "-0", "1e3", "250000", "-0.25", "NaN", "9223372036854775808"];

    public static IReadOnlyList<string> Tails { get; } =
    [" ", "\ufffd", "\ud83d", "\udc4d", "x", "\u2028", "\u0085", "\0"];

    /// <summary>The data of events.</summary>
    public static IReadOnlyList<string> Events { get; } =
    [
        False,
        "null",
        "{}",
        "[]",
        """{"choices":[]}""",
        """{"choices":null}""",
        """{"choices":[{}]}""",
        """{"error":{"message":"EVIL"}}""",
        """{"object":"error","message":"EVIL"}""",
        """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        """{"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}""",
        """{"choices":[{"index":1,"delta":{"content":"EVIL"},"finish_reason":"stop"}]}""",
        """{"choices":[{"delta":{"content":"EVIL"}}]}""",
        """{"choices":[{"index":0,"message":{"content":"EVIL"}}]}""",
        """{"choices":[{"index":0,"delta":{"role":"user"}}]}""",
        """{"choices":[{"index":0,"delta":{"content":"\ufffd"}}]}""",
        """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}""",
        """{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}""",
        """{"model":"gpt-4o","choices":[]}""",
        """{"choices":[],"sglext":{"output_ids":[[1,2]]}}""",
        """{"determinism":{"statement":"EVIL"}}""",
    ];

    /// <summary>Text between events.</summary>
    public static IReadOnlyList<string> Lines { get; } =
    [
        "\n",
        "\r",
        "\r\r",
        ": x\n",
        ": x\n\n",
        "x",
        "data\n",
        "data:\n",
        "data:\n\n",
        "data: {\n",
        "data: [DONE]\n\n",
        "data: [DONE]\n",
        "data:  [DONE]\n\n",
        "data: [DONE]x\n\n",
        "data: [DONE]\r\r",
        "event: error\n",
        "event: thread.x\n",
        "event: message\n",
        "id: 1\n",
        "retry: 1\n",
        $"data: {False}\n",
        $" data: {False}\n\n",
        $"\tdata: {False}\n",
        $"\ufeffdata: {False}\n",
        $"Data: {False}\n\n",
        $": x\rdata: {False}\r\r",
        $": x\u2028data: {False}\u2028\n",
        $": x\u0085data: {False}\n",
        $": x\vdata: {False}\v\n",
        $"id: x\u2028data: {False}\u2028\n",
        $": data: {False}\n",
        ": dis-receipt {\"statement\":\"EVIL\"}\n",
        "\ufeff",
    ];

    /// <summary>Ways to write an event.</summary>
    public static IReadOnlyList<(string How, Func<string, string> Write)> Writings { get; } =
    [
        ("without a blank line", json => $"data: {json}\n"),
        ("without a line end", json => $"data: {json}"),
        ("with a type", json => $"event: x\ndata: {json}\n\n"),
        ("with the type error", json => $"data: {json}\nevent: error\n\n"),
        ("with an id", json => $"id: 1\ndata: {json}\n\n"),
        ("without a space", json => $"data:{json}\n\n"),
        ("behind a space", json => $" data: {json}\n\n"),
        ("with two spaces", json => $"data:  {json}\n\n"),
        ("with a tab", json => $"data:\t{json}\n\n"),
        ("over lines", json => $"data: {json.Replace(",", ",\ndata: ", StringComparison.Ordinal)}\n\n"),
        ("with lone CR", json => $"data: {json}\r\r"),
        ("with CR LF", json => $"data: {json}\r\n\r\n"),
        ("with a CR within", json => $"data: {json.Replace(",", ",\r", StringComparison.Ordinal)}\n\n"),
        ("with a space in the blank line", json => $"data: {json}\n \n"),
        ("as a comment", json => $": data: {json}\n\n"),
        ("behind an empty line of data", json => $"data:\ndata: {json}\n\n"),
        ("with a mark", json => $"\ufeffdata: {json}\n\n"),
        ("as DATA", json => $"DATA: {json}\n\n"),
    ];

    /// <summary>Changes of a whole text.</summary>
    public static IReadOnlyList<(string What, Func<string, string> Change)> Texts { get; } =
    [
        ("CR LF", text => text.Replace("\n", "\r\n", StringComparison.Ordinal)),
        ("CR", text => text.Replace('\n', '\r')),
        ("a mark before", text => "\ufeff" + text),
        ("two marks before", text => "\ufeff\ufeff" + text),
        ("a line before", text => "\n" + text),
        ("text before", text => "EVIL\n" + text),
        ("text behind", text => text + "EVIL"),
        ("a false event behind", text => $"{text}data: {False}\n\n"),
        ("the last line ends cut off", text => text.TrimEnd('\n')),
        ("half of it", text => text[..(text.Length / 2)]),
    ];
}
