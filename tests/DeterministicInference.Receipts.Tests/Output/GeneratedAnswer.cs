using System.Globalization;
using System.Text;
using DeterministicInference.Receipts.Tests.Answers;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>An answer as plain strings, and its spellings as one JSON answer and as events.</summary>
internal sealed class GeneratedAnswer
{
    private static readonly string[] Pieces =
    [
        "a",
        "bc ",
        "é",
        "€",
        "\"",
        "\\",
        "\n",
        "\u0001",
        "😀",
        "\ud83d",
        "\ude00",
        "\ufffd",
        "{\"a\": 1}",
    ];
    private static readonly string[] Members = ["text", "content", "reasoning", "refusal"];
    private static readonly string[] Reasons = ["stop", "length", "tool_calls"];

    private readonly List<GeneratedChoice> _choices = [];

    public GeneratedAnswer(SeededValues random)
    {
        int count = 1 + random.Below(4);
        for (int i = 0; i < count; i++)
        {
            var choice = new GeneratedChoice(random.Of(Reasons), random.OneIn(4) ? "tool" : "assistant");
            foreach (string member in Members)
                choice.Channels.Add(member, random.OneIn(3) ? "" : Text(random));
            int tools = random.Below(3);
            for (int j = 0; j < tools; j++)
                choice.Tools.Add((Text(random), Text(random)));
            _choices.Add(choice);
        }
    }

    /// <summary>The manifest by the plainest means: whole strings, joined.</summary>
    public string Manifest()
    {
        var manifest = new StringBuilder(
            string.Create(CultureInfo.InvariantCulture, $"dis-out/2\nchoices {_choices.Count}\n")
        );
        for (int i = 0; i < _choices.Count; i++)
        {
            foreach (string member in Members)
                Line(i, member, _choices[i].Channels[member]);
            Line(i, "role", _choices[i].Role == "assistant" ? "" : _choices[i].Role);
            for (int j = 0; j < _choices[i].Tools.Count; j++)
            {
                Line(i, $"tool.{j}.type", "function");
                Line(i, $"tool.{j}.name", _choices[i].Tools[j].Name);
                Line(i, $"tool.{j}.arguments", _choices[i].Tools[j].Arguments);
            }
            Line(i, "finish", _choices[i].Finish);
        }
        return manifest.ToString();

        void Line(int index, string channel, string text)
        {
            byte[] bytes = SecondChoice.Bytes(text);
            if (bytes.Length > 0)
                manifest.Append(
                    CultureInfo.InvariantCulture,
                    $"{index} {channel} {bytes.Length} {Sha256Value.Of(bytes)}\n"
                );
        }
    }

    public string Json(SeededValues random)
    {
        IEnumerable<string> items = _choices.Select(
            (choice, i) =>
            {
                IEnumerable<string> tools = choice.Tools.Select(tool =>
                    $$"""{"id":"{{random.Word()}}","function":{"arguments":"""
                    + $$"""{{Quote(tool.Arguments, random)}},"name":{{Quote(tool.Name, random)}} """
                    + $$"""} }"""
                );
                return $$"""
                    {"message":{"role":{{Quote(choice.Role, random)}},"content":{{Quote(choice.Channels["content"], random)}},"{{(
                        random.OneIn(2) ? "reasoning" : "reasoning_content"
                    )}}":{{Quote(choice.Channels["reasoning"], random)}},
                     "refusal":{{Quote(choice.Channels["refusal"], random)}},"tool_calls":[{{string.Join(
                        ",",
                        tools
                    )}}]},
                     "text":{{Quote(
                        choice.Channels["text"],
                        random
                    )}},"finish_reason":"{{choice.Finish}}","index":{{i}},"stop_reason":{{Quote(choice.Role, random)}}}
                    """;
            }
        );
        return $$"""{"id":"{{random.Word()}}","model":"m","usage":{"total_tokens":3},"choices":["""
            + $$"""{{string.Join(",", items)}}]}""";
    }

    /// <summary>
    /// The same, cut in any places but names of tool calls and interleaved in any way, with what is not bound strewn
    /// in.
    /// </summary>
    public List<string> Events(SeededValues random)
    {
        List<(int Choice, Queue<string> Fragments)> lanes =
        [
            .. _choices.SelectMany((choice, i) => Lanes(choice, i, random).Select(lane => (i, lane))),
        ];
        var events = new List<string>();
        while (lanes.Count > 0)
        {
            // One event has fragments of one or more choices, in their order.
            IEnumerable<(int Choice, Queue<string> Fragments)> some = Enumerable
                .Range(0, 1 + random.Below(3))
                .Select(_ => random.Of(lanes))
                .DistinctBy(lane => lane.Choice)
                .OrderBy(lane => lane.Choice);
            string fragments = string.Join(",", some.Select(lane => lane.Fragments.Dequeue()));
            lanes.RemoveAll(lane => lane.Fragments.Count == 0);
            string model = random.Of(["null", "\"\"", "\"m\"", "\"\\u006d\""]);
            events.Add(
                $$"""{"id":"{{random.Word()}}","created":{{random.Below(99)}},"usage":null,"model":{{model}},"""
                    + $$"""  "choices":[{{fragments}}],"obfuscation":"x"}"""
            );
        }
        events.AddRange(
            _choices.Select(
                (choice, i) =>
                    $$"""{"choices":[{"index":{{i}},"delta":{},"finish_reason":"{{choice.Finish}}","""
                    + $$"""  "stop_reason":{{Quote(choice.Role, random)}}}],"model":"m"}"""
            )
        );
        events.Add("""{"choices":[],"usage":{"total_tokens":3,"prompt_tokens":null}}""");
        return events;
    }

    /// <summary>Each channel's fragments, in order; channels may overtake each other.</summary>
    private static IEnumerable<Queue<string>> Lanes(GeneratedChoice choice, int i, SeededValues random)
    {
        yield return new Queue<string>([
            $$"""{"index":{{i}},"delta":{"role":{{Quote(choice.Role, random)}},"content":null} }""",
        ]);
        yield return Lane(choice.Channels["text"], part => $$"""{"text":{{part}},"index":{{i}}}""");
        yield return Lane(
            choice.Channels["content"],
            part => $$"""{"index":{{i}},"delta":{"content":{{part}}},"finish_reason":null}"""
        );
        yield return Lane(choice.Channels["refusal"], part => $$"""{"delta":{"refusal":{{part}}},"index":{{i}}}""");
        int names = random.Below(3);
        yield return Lane(
            choice.Channels["reasoning"],
            part =>
                names switch
                {
                    0 => $$"""{"index":{{i}},"delta":{"reasoning":{{part}},"reasoning_content":null} }""",
                    1 => $$"""{"index":{{i}},"delta":{"reasoning_content":{{part}} } }""",
                    _ => $$"""{"index":{{i}},"delta":{"reasoning_content":{{part}},"reasoning":{{part}} } }""",
                }
        );
        for (int j = 0; j < choice.Tools.Count; j++)
        {
            int number = j;
            IEnumerable<string> name = [Quote(choice.Tools[j].Name, random), "\"\"", "null"];
            yield return new Queue<string>(
                (random.OneIn(2) ? name : name.Reverse()).Select(part => Tool(number, "name", part))
            );
            yield return Lane(choice.Tools[j].Arguments, part => Tool(number, "arguments", part));
        }

        string Tool(int number, string member, string part) =>
            $$$"""{"index":{{{i}}},"delta":{"tool_calls":[{"function":{"{{{member}}}":{{{part}}}},"index":"""
            + $$$"""{{{number}}},"id":{{{Id(number)}}}}]}}""";

        string Id(int number) => random.Of(["null", "\"\"", $"\"c{number}\"", $"\"\\u0063{number}\""]);

        Queue<string> Lane(string text, Func<string, string> wrap)
        {
            var parts = new Queue<string>();
            for (int at = 0; at < text.Length || parts.Count == 0; )
            {
                int length = Math.Min(random.Below(4), text.Length - at);
                parts.Enqueue(wrap(Quote(text.Substring(at, length), random)));
                at += length;
            }
            return parts;
        }
    }

    private static string Text(SeededValues random) =>
        string.Concat(Enumerable.Range(0, random.Below(8)).Select(_ => random.Of(Pieces)));

    /// <summary>As a JSON string, each character raw or escaped; half pairs can only be escaped.</summary>
    private static string Quote(string text, SeededValues random)
    {
        var quoted = new StringBuilder("\"");
        for (int i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) && random.OneIn(2))
            {
                quoted.Append(text, i++, 2);
                continue;
            }
            bool must = text[i] < 0x20 || text[i] is '"' or '\\' || char.IsSurrogate(text[i]);
            if (must || random.OneIn(4))
                quoted.Append("\\u").Append(((int)text[i]).ToString("x4", CultureInfo.InvariantCulture));
            else
                quoted.Append(text[i]);
        }
        return quoted.Append('"').ToString();
    }

    private sealed record GeneratedChoice(string Finish, string Role)
    {
        public Dictionary<string, string> Channels { get; } = [];

        public List<(string Name, string Arguments)> Tools { get; } = [];
    }
}
