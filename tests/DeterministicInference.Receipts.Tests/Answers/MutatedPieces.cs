namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>What <see cref="MutatedAnswer"/> puts together.</summary>
internal static class MutatedPieces
{
    public static readonly string[] Names =
    [
        "choices",
        "error",
        "object",
        "usage",
        "prompt_token_ids",
        "sglext",
        "id",
        "created",
        "timings",
        "environment",
        "determinism",
        "prompt_tokens",
        "completion_tokens",
        "output_ids",
        "input_ids",
        "index",
        "text",
        "finish_reason",
        "logprobs",
        "token_ids",
        "response_token_ids",
        "message",
        "delta",
        "role",
        "content",
        "reasoning_content",
        "reasoning",
        "refusal",
        "function_call",
        "tool_calls",
        "function",
        "custom",
        "name",
        "arguments",
        "input",
        "tokens",
        "token_logprobs",
        "top_logprobs",
        "token",
        "logprob",
        "bytes",
        "model",
        "total_tokens",
        "type",
        "parsed",
        "parsed_arguments",
        "annotations",
        "of_tomorrow",
        "",
        "\\ud800",
        "t\\u0065xt",
        "__proto__",
        "__proto__",
        "\\u005f_proto__",
        "__PROTO__",
    ];

    public static readonly string[] Scalars =
    [
        "null",
        "null",
        "null",
        "true",
        "0",
        "1",
        "-0",
        "-1",
        "1.0",
        "1e0",
        "2",
        "7",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "123456789012345678901234567890",
        "-0.25",
        "1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "\"\"",
        "\"a\"",
        "\"\\ud83d\"",
        "\"stop\"",
        "\"function\"",
        "\"custom\"",
        "\"\\u0061bort\"",
        "\"error\"",
        "\"length\"",
        "[]",
        "{}",
        "[1]",
        "[[1],[2]]",
        "{\"a\":[ 1 ,\"\\u00e9\\/\"]}",
        "tru",
        "01",
        "\"\\x\"",
        "\"\u0001\"",
    ];

    public static readonly string[] Reasons = ["stop", "length", "tool_calls", "stop", "stop", "abort", "error", ""];

    /// <summary>Some are cut short when they are bound.</summary>
    public static readonly string[] OddReasons = ["abort\ufffd", "\ufffd", "st\ud83dop", "stop\ude00", "😀"];

    public static readonly string[] Pieces =
    [
        "a",
        "bc ",
        "é",
        "€",
        "\"",
        "\\",
        "\n",
        "😀",
        "\ud83d",
        "\ude00",
        "\ufffd",
        "\u2028",
        "\u0085",
    ];

    /// <summary>Names of members that are not read.</summary>
    public static readonly string[] Extras =
    [
        "annotations",
        "audio",
        "stop_reason",
        "matched_stop",
        "parsed",
        "of\\u005ftomorrow",
        "\\\"\\u00e9\\n",
        "",
    ];

    /// <summary>Some are empty, and some only look so.</summary>
    public static readonly string[] ExtraValues =
    [
        "null",
        "\"\"",
        "[]",
        "[ ]",
        "{}",
        "{ \n}",
        "[\"\"]",
        "\" \"",
        "0",
        "1.50e0",
        "-120",
        "0.0e5",
        "1E-1234567890",
        "false",
        "\"\\ud83d\"",
        "\"\\ud83d\\ude00\\u0001\"",
        "[ 1 ,{\"\\u0061\":\"\\/\",\"a\":-0}]",
        "{\"\\ude00\":null}",
        "{\"b\":1,\"a!\":[{\"d\":0.10,\"c\":\"\"}],\"a\":2,\"\\ud83d\\ude00\":3,\"\\uffee\":4,\"b\":0}",
    ];

    public static readonly string[] LineEnds = ["\n", "\n", "\r\n"];

    /// <summary>Lines that nobody reads in another way.</summary>
    public static readonly string[] Lines =
    [
        ": ka",
        ":",
        ": data: x",
        "event: message",
        "event:message",
        "id: 7",
        "id:",
        "retry:1",
        "",
        "data:",
    ];

    public static readonly string[] OddLines =
    [
        "data",
        "event: x",
        "event: message ",
        "event:",
        "id",
        " data: {}",
        "DATA: {}",
        "x",
        "data: {}\r",
        ": a\rb",
        "retry",
        ": a\u2028data: {}",
        ": \u0085",
        "id: \u2029",
        ":\v",
        ":\f",
        "id: 1\u001c",
        ":\u001d",
        "retry: 1\u001e",
    ];

    public static readonly string[] Ends =
    [
        "data: [DONE]",
        "data: [DONE]\n",
        "data: [DONE]\r\n",
        "data:[DONE]\n\n",
        "data:[DONE]",
        "data: [DONE]  \n\n",
        "data:  [DONE]\n\n",
        "data: [DONE] {}\n\n",
        "data: [DONE]x\n\n",
        "data: [DONE]\t\n\n",
        "data: [DONE]\n\n: more\n\n",
        "data: [DONE]\n\ndata: {}\n\n",
        "data: [DONE]\n\ndata: null\n\n",
        "data: [DONE]\n\ndata: [DONE]\n\n",
        "data: [DONE]\n\ndata: [DONE]",
        "data: [DONE]\ndata: {}\n\n",
        "data: [DONE]\n\nx\n\n",
        "data: [DONE]\n: c",
        "data: [DONE]\n\n\r\n",
        "data: [DONE]\n\n:",
        ": \u2028data: [DONE]",
        "data: [DON",
    ];
}
