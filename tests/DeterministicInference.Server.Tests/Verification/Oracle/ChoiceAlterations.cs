using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Choices and tool calls of a JSON answer: split, added, exchanged, renumbered.</summary>
internal static class ChoiceAlterations
{
    private const string Message = "choices[0].message",
        Tools = "choices[0].message.tool_calls",
        Evil = "\"EVIL\"",
        EvilChoice = """{"index":0,"message":{"role":"assistant","content":"EVIL"},"finish_reason":"stop"}""",
        EvilTool = """{"id":"c9","type":"function","function":{"name":"pay","arguments":"{}"}}""";

    public static IReadOnlyList<Alteration> All { get; } =
    [
        // Choices
        new("a choice in two elements of one index", "chat", Halve("choices[0]", "message.content", 6)),
        new(
            "a choice in two elements, the second without an index",
            "chat",
            Halve("choices[0]", "message.content", 6),
            Drop("choices[1].index")
        ),
        new("a choice of a completion in two elements", "completion", Halve("choices[0]", "text", 3)),
        new("a choice twice", "chat", Append("choices", EvilChoice)),
        new("an empty element before the choice", "chat", Insert("choices[0]", "{}")),
        new("an element of index 0 without a message before it", "chat", Insert("choices[0]", """{"index":0}""")),
        new(
            "a false choice before it, of index 1",
            "chat",
            Insert("choices[0]", EvilChoice),
            Set("choices[0].index", "1")
        ),
        new("a further choice, of index 1", "chat", Append("choices", EvilChoice), Set("choices[1].index", "1")),
        new("a further choice, of index 1, without an answer", "chat", Append("choices", """{"index":1}""")),
        new("null before the choice", "chat", Insert("choices[0]", "null")),
        new("null behind the choice", "chat", Append("choices", "null")),
        new("a text behind the choice", "chat", Append("choices", Evil)),
        new("choices are an object", "chat", Set("choices", """{"0":{}}""")),
        new("choices are null", "chat", Set("choices", "null")),
        new("no choices", "chat", Set("choices", "[]")),
        new("the only choice has index 1", "chat", Set("choices[0].index", "1")),
        new("the only choice has no index", "chat", Drop("choices[0].index")),
        new("the index is null", "chat", Set("choices[0].index", "null")),
        new("the index is a text", "chat", Set("choices[0].index", "\"0\"")),
        new("the index is 0.0", "chat", Set("choices[0].index", "0.0")),
        new("the index is -0", "chat", Set("choices[0].index", "-0")),
        new("the index is 4294967296", "chat", Set("choices[0].index", "4294967296")),
        new("a second index, 1, behind it", "chat", After("choices[0].index", "1")),
        new("two choices in the other order", "chat-n2", Swap("choices[0]", "choices[1]")),
        new("two choices, their indexes exchanged", "chat-n2", Swap("choices[0].index", "choices[1].index")),
        new("two choices, their messages exchanged", "chat-n2", Swap("choices[0].message", "choices[1].message")),
        new("two choices, their finish exchanged", "chat-n2", Set("choices[1].finish_reason", "\"length\"")),
        new("two choices, both of index 0", "chat-n2", Set("choices[1].index", "0")),
        new("two choices, both of index 1", "chat-n2", Set("choices[0].index", "1")),
        new("two choices, no index", "chat-n2", Drop("choices[0].index"), Drop("choices[1].index")),
        new("two choices, the second without an index", "chat-n2", Drop("choices[1].index")),
        new(
            "two choices in the other order without indexes",
            "chat-n2",
            Drop("choices[0].index"),
            Drop("choices[1].index"),
            Swap("choices[0]", "choices[1]")
        ),
        new("two choices, the second gone", "chat-n2", Drop("choices[1]")),
        new("two choices, the first gone", "chat-n2", Drop("choices[0]")),
        new(
            "two choices of a completion in the other order",
            "completion-n2-logprobs",
            Swap("choices[0]", "choices[1]")
        ),
        new(
            "two choices of a completion, their log-probabilities exchanged",
            "completion-n2-logprobs",
            Set("choices[0].logprobs.tokens[0]", "\" L\"")
        ),
        // Tool calls
        new("a tool call in two elements", "chat-tools", Halve($"{Tools}[0]", "function.arguments", 8)),
        new("a tool call more", "chat-tools", Append(Tools, EvilTool)),
        new("a tool call before them", "chat-tools", Insert($"{Tools}[0]", EvilTool)),
        new("a tool call twice", "chat-tools", Append(Tools, """{"id":"call_1","type":"function"}""")),
        new("an empty tool call between them", "chat-tools", Insert($"{Tools}[1]", "{}")),
        new("an empty tool call behind them", "chat-tools", Append(Tools, "{}")),
        new("null between the tool calls", "chat-tools", Insert($"{Tools}[1]", "null")),
        new("tool calls in the other order", "chat-tools", Swap($"{Tools}[0]", $"{Tools}[1]")),
        new(
            "tool calls in the other order with indexes",
            "chat-tools",
            Swap($"{Tools}[0]", $"{Tools}[1]"),
            Add($"{Tools}[0]", "index", "1"),
            Add($"{Tools}[1]", "index", "0")
        ),
        new("tool calls, one gone", "chat-tools", Drop($"{Tools}[1]")),
        new("tool calls, all gone", "chat-tools", Set(Tools, "[]")),
        new("tool calls are an object", "chat-tools", Set(Tools, """{"0":{}}""")),
        new("another name of a tool", "chat-tools", Set($"{Tools}[0].function.name", "\"pay\"")),
        new("names of tools exchanged", "chat-tools", Swap($"{Tools}[0].function.name", $"{Tools}[1].function.name")),
        new("another type of a tool call", "chat-tools", Set($"{Tools}[0].type", "\"custom\"")),
        new("the type of a tool call is another word", "chat-tools", Set($"{Tools}[0].type", "\"web_search\"")),
        new("a tool call without its type", "chat-tools", Drop($"{Tools}[0].type")),
        new("a second type before it", "chat-tools", Before($"{Tools}[0].type", "\"custom\"")),
        new("arguments are an object", "chat-tools", Set($"{Tools}[0].function.arguments", """{"city":"Paris"}""")),
        new("arguments are another object", "chat-tools", Set($"{Tools}[0].function.arguments", """{"city":"Rome"}""")),
        new("second arguments before them", "chat-tools", Before($"{Tools}[0].function.arguments", Evil)),
        new("second arguments behind them", "chat-tools", After($"{Tools}[0].function.arguments", Evil)),
        new("a second function before it", "chat-tools", Before($"{Tools}[0].function", """{"name":"pay"}""")),
        new("a custom tool beside the function", "chat-tools", Add($"{Tools}[0]", "custom", """{"name":"pay"}""")),
        new("an empty custom tool beside the function", "chat-tools", Add($"{Tools}[0]", "custom", "{}")),
        new("input beside arguments", "chat-tools", Add($"{Tools}[0].function", "input", Evil)),
        new("the function is called Function", "chat-tools", Rename($"{Tools}[0].function", "Function")),
        new("a Function beside the function", "chat-tools", Add($"{Tools}[0]", "Function", """{"name":"pay"}""")),
        new("an error in a tool call", "chat-tools", Add($"{Tools}[0]", "error", Evil)),
        new("thinking in a tool call", "chat-tools", Add($"{Tools}[0]", "thinking", Evil)),
        new("tool calls beside a text", "chat", Add(Message, "tool_calls", $"[{EvilTool}]")),
        new("an empty tool call beside a text", "chat", Add(Message, "tool_calls", "[{}]")),
        new("tool calls twice, the false ones first", "chat-tools", Before(Tools, $"[{EvilTool}]")),
        new("tool calls twice, the false ones last", "chat-tools", After(Tools, $"[{EvilTool}]")),
        new("the input of a custom tool is an object", "chat-custom", Set($"{Tools}[0].custom.input", "{}")),
        new("a custom tool becomes a function", "chat-custom", Rename($"{Tools}[0].custom", "function")),
        new("arguments beside the input", "chat-custom", Add($"{Tools}[0].custom", "arguments", Evil)),
        new("a custom tool of the type function", "chat-custom", Set($"{Tools}[0].type", "\"function\"")),
        new("the function call has another name", "chat-function", Set($"{Message}.function_call.name", "\"pay\"")),
        new("a second function call before it", "chat-function", Before($"{Message}.function_call", "{}")),
        new(
            "arguments of the function call are an object",
            "chat-function",
            Set($"{Message}.function_call.arguments", """{"city":"Paris"}""")
        ),
        new(
            "input beside arguments of the function call",
            "chat-function",
            Add($"{Message}.function_call", "input", Evil)
        ),
        new("a function call beside tool calls", "chat-tools", Add(Message, "function_call", """{"name":"pay"}""")),
        new("an empty function call beside a text", "chat", Add(Message, "function_call", "{}")),
    ];
}
