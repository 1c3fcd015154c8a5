using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>How a stream is written: fields, comments, line ends, its end.</summary>
internal static class StreamTextAlterations
{
    private const string Event = """{"choices":[{"index":0,"delta":{"content":"EVIL"},"finish_reason":null}]}""",
        Error = """{"error":{"message":"EVIL"}}""";

    public static IReadOnlyList<Alteration> All { get; } =
    [
        // Fields
        new("an event of a type", "stream", Write(3, json => $"event: ping\ndata: {json}\n\n")),
        new("an event of the type error", "stream", Write(3, json => $"event: error\ndata: {json}\n\n")),
        new("an event of the type thread.x", "stream", Write(3, json => $"data: {json}\nevent: thread.x\n\n")),
        new("an event of the type message (control)", "stream", Write(3, json => $"event: message\ndata: {json}\n\n")),
        new("an id and a retry (control)", "stream", Write(3, json => $"id: 1\nretry: 5\ndata: {json}\n\n")),
        new("a field that nobody knows", "stream", Raw(3, "nobody: EVIL\n")),
        new("no space behind data: (control)", "stream", Write(3, json => $"data:{json}\n\n")),
        new("two spaces behind data: (control)", "stream", Write(3, json => $"data:  {json}\n\n")),
        new("a space before data:", "stream", Write(3, json => $" data: {json}\n\n")),
        new("a space before data: of a false event", "stream", Raw(3, $" data: {Event}\n\n")),
        new("a tab before data: of a false event", "stream", Raw(3, $"\tdata: {Event}\n\n")),
        new("U+00A0 before data: of a false event", "stream", Raw(3, $"\u00a0data: {Event}\n\n")),
        new("a mark before data: of a false event", "stream", Raw(3, $"\ufeffdata: {Event}\n\n")),
        new("Data: of a false event", "stream", Raw(3, $"Data: {Event}\n\n")),
        new("a space behind data of a false event", "stream", Raw(3, $"data : {Event}\n\n")),
        new(
            "data over two lines",
            "stream",
            Write(3, json => $"data: {json.Replace(",", ",\ndata: ", StringComparison.Ordinal)}\n\n")
        ),
        new("two events in the data of one", "stream", Raw(3, $"data: {Event}\n")),
        new("a half event before an event", "stream", Raw(3, "data: {\n")),
        new("an empty line of data before the event", "stream", Write(3, json => $"data:\ndata: {json}\n\n")),
        new("an event without a blank line before the next", "stream", Write(3, json => $"data: {json}\n")),
        // Comments
        new("a comment (control)", "stream", Raw(3, ": keep-alive\n\n")),
        new("a false event in a comment behind a lone CR", "stream", Raw(3, $": x\rdata: {Event}\r\r")),
        new("a false event in a comment behind U+2028", "stream", Raw(3, $": x\u2028data: {Event}\u2028\n")),
        new("a false event in a comment behind U+0085", "stream", Raw(3, $": x\u0085data: {Event}\u0085\n")),
        new("a false event in a comment behind a vertical tab", "stream", Raw(3, $": x\vdata: {Event}\v\n")),
        new("a false event in a comment behind a form feed", "stream", Raw(3, $": x\fdata: {Event}\f\n")),
        new("a false event in a comment behind U+001E", "stream", Raw(3, $": x\u001edata: {Event}\u001e\n")),
        new("a false event in the field of an id behind U+2028", "stream", Raw(3, $"id: x\u2028data: {Event}\u2028\n")),
        new("an end in a comment behind U+2028", "stream", Raw(3, ": x\u2028data: [DONE]\u2028\n")),
        new("an end in a comment behind a lone CR", "stream", Raw(3, ": x\rdata: [DONE]\r\r")),
        new("U+2028 in a member that nobody knows", "stream", Add("e3:", "nobody", "\"\u2028\"")),
        new("U+2028 in the id of an event", "stream", Set("e3:id", "\"x\u2028y\"")),
        new("U+0085 in the id of an event", "stream", Set("e3:id", "\"x\u0085y\"")),
        // Line ends
        new("CR LF (control)", "stream", Text(text => text.Replace("\n", "\r\n", StringComparison.Ordinal))),
        new("lone CR", "stream", Text(text => text.Replace('\n', '\r'))),
        new("lone CR around an event", "stream", Write(3, json => $"data: {json}\r\r")),
        new("lone CR before an event", "stream", Raw(3, "\r")),
        new(
            "a lone CR within the JSON of an event",
            "stream",
            Write(3, json => $"data: {json.Replace("{", "{\r", StringComparison.Ordinal)}\n\n")
        ),
        new("CR for the blank line of an event", "stream", Write(3, json => $"data: {json}\n\r")),
        new("a byte order mark", "stream", Text(text => "\ufeff" + text)),
        new("two byte order marks", "stream", Text(text => "\ufeff\ufeff" + text)),
        new("a blank line before (control)", "stream", Text(text => "\n\n" + text)),
        new("a blank line more between events (control)", "stream", Raw(3, "\n\n\n")),
        new("a space in the blank line", "stream", Write(3, json => $"data: {json}\n \n")),
        new(
            "white space in an event (control)",
            "stream",
            Write(3, json => $"data: {json.Replace(",", ", ", StringComparison.Ordinal)}\n\n")
        ),
        // The end
        new("an event behind the end", "stream", EventLast(Event)),
        new("an error behind the end", "stream", EventLast(Error)),
        new("a second end", "stream", RawLast(EventList.End)),
        new("no blank line behind the end", "stream", DropEnd, RawLast("data: [DONE]\n")),
        new("no line end behind the end", "stream", DropEnd, RawLast("data: [DONE]")),
        new("no end", "stream", DropEnd),
        new("no end, and a false event without a blank line", "stream", DropEnd, RawLast($"data: {Event}\n")),
        new("no end, and a false event without a line end", "stream", DropEnd, RawLast($"data: {Event}")),
        new("no end, and a false error without a blank line", "stream", DropEnd, RawLast($"data: {Error}\n")),
        new("a false event without a blank line behind the end", "stream", RawLast($"data: {Event}\n")),
        new("no end, the last event without a blank line", "stream-bare", DropEnd, Write(5, json => $"data: {json}\n")),
        new(
            "an end of another spelling, and a false event",
            "stream",
            DropEnd,
            RawLast($"data: [DONE]x\n\ndata: {Event}\n\n")
        ),
        new(
            "an end with a space, and a false event",
            "stream",
            DropEnd,
            RawLast($"data: [DONE] \n\ndata: {Event}\n\n")
        ),
        new(
            "an end with a space before it, and a false event",
            "stream",
            RawBeforeReceipt($"data:  [DONE]\n\ndata: {Event}\n\n")
        ),
        new("an end with a line more of data", "stream", DropEnd, RawLast($"data: [DONE]\ndata: {Event}\n\n")),
        new("an end before the last text", "stream", Raw(4, EventList.End)),
        new("an end before all", "stream", Raw(0, EventList.End)),
        new("an end of a type before the last text", "stream", Raw(4, "event: x\ndata: [DONE]\n\n")),
        new("an end of a type", "stream", DropEnd, RawLast("event: x\ndata: [DONE]\n\n")),
        new("an end in quotes before the last text", "stream", Raw(4, "data: \"[DONE]\"\n\n")),
        new("an event that is no JSON", "stream", Raw(3, "data: EVIL\n\n")),
        new("an event that is an array", "stream", Raw(3, $"data: [{Event}]\n\n")),
        new("an event that is null with a type", "stream", Raw(3, "event: error\ndata: null\n\n")),
        new("text before the stream", "stream", Text(text => "EVIL\n\n" + text)),
        new("text behind the stream", "stream", Text(text => text + "EVIL\n")),
        // The receipt
        new("the receipt twice", "stream", RawBeforeEnd(": dis-receipt {}\n")),
        new("a false receipt behind the end", "stream", RawLast(": dis-receipt {\"statement\":\"EVIL\"}\n")),
        new(
            "a false receipt behind an end that is none",
            "stream",
            RawBeforeReceipt(": dis-receipt {\"statement\":\"EVIL\"}\n")
        ),
        new(
            "a false receipt in a line of two spaces (control)",
            "stream",
            Raw(3, ":  dis-receipt {\"statement\":\"EVIL\"}\n")
        ),
        new("a receipt in an event", "stream", Add("e6:", "determinism", """{"statement":"EVIL"}""")),
        new("an event between the receipt and the end", "stream", RawBeforeEnd($"data: {Event}\n\n")),
    ];
}
