using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Events of a stream: split, merged, moved, repeated, dropped, and what stands in them.</summary>
internal static class StreamAlterations
{
    private const string Delta = "choices[0].delta",
        Evil = "\"EVIL\"",
        EvilEvent = """{"choices":[{"index":0,"delta":{"content":"EVIL"},"finish_reason":null}]}""",
        Error = """{"error":{"message":"EVIL","code":500}}""",
        Finish = """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        Links = """[{"type":"url_citation","url_citation":{"url":"https://evil.example"}}]""";

    public static IReadOnlyList<Alteration> All { get; } =
    [
        // Order and number of events
        new("an event dropped", "stream", DropEvent(3)),
        new("an event repeated", "stream", RepeatEvent(3)),
        new("an event more", "stream", Event(3, EvilEvent)),
        new("two events exchanged", "stream", SwapEvents(1, 3)),
        new("the usage dropped", "stream", DropEvent(6)),
        new("the usage before the texts", "stream", SwapEvents(1, 6)),
        new("the next piece as a second element", "stream", MergeNext(2)),
        new("the next piece as a second element without an index", "stream", MergeNext(2), Drop("e2:choices[1].index")),
        new("the finish as a second element", "stream", MergeNext(4)),
        new("a piece in two elements of one event", "stream", Halve("e3:choices[0]", "delta.content", 2)),
        new("an empty element before the piece", "stream", Insert("e3:choices[0]", """{"index":0,"delta":{}}""")),
        new(
            "an element of another index before the piece",
            "stream",
            Insert("e3:choices[0]", """{"index":1,"delta":{}}""")
        ),
        new("a piece of another index", "stream", Set("e3:choices[0].index", "1")),
        new("a piece without an index", "stream", Drop("e3:choices[0].index")),
        new(
            "every piece of index 1",
            "stream-refusal",
            Set("e0:choices[0].index", "1"),
            Set("e1:choices[0].index", "1"),
            Set("e2:choices[0].index", "1")
        ),
        new(
            "a piece split in two events (control)",
            "stream",
            Set($"e3:{Delta}.content", "\" n\""),
            Event(4, """{"choices":[{"index":0,"delta":{"content":"ot"}}]}""")
        ),
        new("events of two choices in another order", "stream-n2", SwapEvents(2, 3)),
        new(
            "pieces of two choices exchanged",
            "stream-n2",
            Set($"e2:{Delta}.content", "\"Not\""),
            Set($"e3:{Delta}.content", "\"Paris\"")
        ),
        new(
            "indexes of two choices exchanged",
            "stream-n2",
            Set("e2:choices[0].index", "1"),
            Set("e3:choices[0].index", "0")
        ),
        new("two choices in one event", "stream-n2", MergeNext(2)),
        new(
            "two choices in one event, the second without an index",
            "stream-n2",
            MergeNext(2),
            Drop("e2:choices[1].index")
        ),
        new("a second choice without an index", "stream-n2", Drop("e3:choices[0].index")),
        new(
            "finishes of two choices exchanged",
            "stream-n2",
            Set("e6:choices[0].finish_reason", "\"length\""),
            Set("e7:choices[0].finish_reason", "\"stop\"")
        ),
        new(
            "a third choice in a stream",
            "stream-n2",
            Event(3, """{"choices":[{"index":2,"delta":{"content":"EVIL"},"finish_reason":"stop"}]}""")
        ),
        new("a null between the events", "stream", Event(3, "null")),
        new("an empty event between the events", "stream", Event(3, "{}")),
        new("an event with choices null (control)", "stream", Event(3, """{"choices":null}""")),
        // The finish
        new("the finish moved before the texts", "stream", SwapEvents(1, 5)),
        new("the finish moved forward by one", "stream", SwapEvents(4, 5)),
        new("a second finish before the last text", "stream", Event(4, Finish)),
        new("a second finish in the same event as a text", "stream", Set("e3:choices[0].finish_reason", "\"stop\"")),
        new(
            "another finish before, the true one last",
            "stream",
            Set("e3:choices[0].finish_reason", "\"content_filter\"")
        ),
        new("an empty finish before", "stream", Set("e3:choices[0].finish_reason", "\"\"")),
        new("an empty finish behind", "stream", Set("e6:choices", """[{"index":0,"delta":{},"finish_reason":""}]""")),
        new("another finish", "stream", Set("e5:choices[0].finish_reason", "\"length\"")),
        new("the finish is gone", "stream", DropEvent(5)),
        new("a finish again at the end", "stream", Event(6, Finish)),
        new("an event behind the finish", "stream", Event(6, EvilEvent)),
        new("the finish of a completion moved", "stream-completion", SwapEvents(1, 3)),
        new(
            "the finish of one choice of two moved",
            "stream-completion-n2",
            Set("e0:choices[0].finish_reason", "\"stop\"")
        ),
        // Members of events
        new("content twice, the false one first", "stream", Before($"e3:{Delta}.content", Evil)),
        new(
            "content twice, one with an escape in its name",
            "stream",
            After($"e3:{Delta}.content", Evil, @"c\u006fntent")
        ),
        new("delta twice", "stream", Before($"e3:{Delta}", """{"content":"EVIL"}""")),
        new("choices twice", "stream", Before("e3:choices", "[]")),
        new("Content beside content", "stream", After($"e3:{Delta}.content", Evil, "Content")),
        new("Delta beside delta", "stream", After($"e3:{Delta}", """{"content":"EVIL"}""", "Delta")),
        new("a message beside the delta", "stream", Add("e3:choices[0]", "message", """{"content":"EVIL"}""")),
        new("a text beside the delta", "stream", Add("e3:choices[0]", "text", Evil)),
        new("content is parts", "stream", Set($"e3:{Delta}.content", """[{"type":"text","text":" not"}]""")),
        new("content is a number", "stream", Add($"e5:{Delta}", "content", "7")),
        new("an error in an event", "stream", Event(3, Error)),
        new("an error in the last event", "stream", Add("e6:", "error", """{"message":"EVIL"}""")),
        new("an error event behind the finish", "stream", Event(6, Error)),
        new("an error beside a piece", "stream", Add("e3:", "error", Evil)),
        new("an event that is an error", "stream", Event(6, """{"object":"error","message":"EVIL"}""")),
        new("another model in an event", "stream", Set("e0:model", "\"gpt-4o\"")),
        new("another model in the last event", "stream", Set("e6:model", "\"gpt-4o\"")),
        new("more completion_tokens", "stream", Set("e6:usage.completion_tokens", "250000")),
        new("a second usage", "stream", Add("e5:", "usage", """{"prompt_tokens":9,"completion_tokens":9}""")),
        new("a second usage behind it", "stream-bare", Event(5, """{"choices":[],"usage":{"completion_tokens":9}}""")),
        new("the role is system", "stream", Set($"e0:{Delta}.role", "\"system\"")),
        new("the role is user in a later event", "stream", Add($"e3:{Delta}", "role", "\"user\"")),
        new("no role", "stream", Drop($"e0:{Delta}.role")),
        new("annotations in an event", "stream", Add($"e3:{Delta}", "annotations", Links)),
        new("audio in an event", "stream", Add($"e3:{Delta}", "audio", """{"transcript":"EVIL"}""")),
        new("thinking in an event", "stream", Add($"e1:{Delta}", "thinking", Evil)),
        new("citations in the last event", "stream", Add("e6:", "citations", """["https://evil.example"]""")),
        new(
            "images in an event",
            "stream",
            Add($"e3:{Delta}", "images", """[{"image_url":{"url":"https://evil.example"}}]""")
        ),
        new("a refusal in an event", "stream", Add($"e3:{Delta}", "refusal", Evil)),
        new("reasoning in an event", "stream", Add($"e1:{Delta}", "reasoning", Evil)),
        new(
            "an empty reasoning_content beside reasoning",
            "stream",
            Add($"e1:{Delta}", "reasoning_content", "\"\""),
            Add($"e1:{Delta}", "reasoning", Evil)
        ),
        new(
            "the other name of reasoning in one event",
            "stream-reasoning",
            Rename($"e1:{Delta}.reasoning_content", "reasoning")
        ),
        new(
            "the other name of reasoning in all events",
            "stream-reasoning",
            Rename($"e0:{Delta}.reasoning_content", "reasoning"),
            Rename($"e1:{Delta}.reasoning_content", "reasoning")
        ),
        new("an empty reasoning beside reasoning_content", "stream-reasoning", Add($"e1:{Delta}", "reasoning", "\"\"")),
        new("reasoning and content in another order", "stream-reasoning", SwapEvents(1, 2)),
        new(
            "log-probabilities that nobody asked for",
            "stream",
            Add("e3:choices[0]", "logprobs", """{"content":[{"token":"EVIL","logprob":-1}]}""")
        ),
        new("another log-probability", "stream-logprobs", Set("e2:choices[0].logprobs.content[0].logprob", "-9")),
        new("log-probabilities move to the next event", "stream-logprobs", Set("e2:choices[0].logprobs", "null")),
        new("annotations of a second choice", "stream-n2", Add($"e3:{Delta}", "annotations", Links)),
        new(
            "half of a pair behind the text",
            "stream-unicode",
            Event(3, """{"choices":[{"index":0,"delta":{"content":"\ud83d"}}]}""")
        ),
        new(
            "U+FFFD behind the text",
            "stream",
            Event(5, "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\ufffd\"}}]}")
        ),
        new("an environment in an event", "stream", Add("e0:", "environment", Evil)),
        new("__proto__ in a delta", "stream", Add($"e3:{Delta}", "__proto__", """{"content":"EVIL"}""")),
        // Tool calls
        new("a second name of a tool call", "stream-tool", Add($"e2:{Delta}.tool_calls[0].function", "name", Evil)),
        new(
            "the same name of a tool call again",
            "stream-tool",
            Add($"e2:{Delta}.tool_calls[0].function", "name", "\"weather\"")
        ),
        new(
            "arguments in two elements of one event",
            "stream-tool",
            Halve($"e3:{Delta}.tool_calls[0]", "function.arguments", 2)
        ),
        new(
            "arguments of the next event as a second element",
            "stream-tool",
            Append($"e2:{Delta}.tool_calls", """{"index":0,"function":{"arguments":"\"Paris\"}"}}"""),
            DropEvent(3)
        ),
        new("an element before the tool call", "stream-tool", Insert($"e2:{Delta}.tool_calls[0]", """{"index":0}""")),
        new("a tool call of another index", "stream-tool", Set($"e3:{Delta}.tool_calls[0].index", "1")),
        new(
            "every tool call of index 5",
            "stream-tool",
            Set($"e1:{Delta}.tool_calls[0].index", "5"),
            Set($"e2:{Delta}.tool_calls[0].index", "5"),
            Set($"e3:{Delta}.tool_calls[0].index", "5")
        ),
        new("a tool call without an index", "stream-tool", Drop($"e2:{Delta}.tool_calls[0].index")),
        new("another type of a tool call", "stream-tool", Set($"e1:{Delta}.tool_calls[0].type", "\"custom\"")),
        new("a second type of a tool call", "stream-tool", Add($"e2:{Delta}.tool_calls[0]", "type", "\"custom\"")),
        new("an empty tool call more", "stream-tool", Append($"e2:{Delta}.tool_calls", """{"index":1}""")),
        new(
            "indexes of two tool calls exchanged",
            "stream-tools",
            Set($"e2:{Delta}.tool_calls[0].index", "1"),
            Set($"e5:{Delta}.tool_calls[0].index", "0")
        ),
        new("two tool calls in another order", "stream-tools", SwapEvents(1, 4), SwapEvents(2, 5)),
        new(
            "a tool call beside a text",
            "stream",
            Add($"e3:{Delta}", "tool_calls", """[{"index":0,"function":{"name":"pay"}}]""")
        ),
        new("an empty tool call beside a text", "stream", Add($"e3:{Delta}", "tool_calls", "[{}]")),
        new(
            "a function call beside a tool call",
            "stream-tool",
            Add($"e2:{Delta}", "function_call", """{"name":"pay"}""")
        ),
    ];
}
