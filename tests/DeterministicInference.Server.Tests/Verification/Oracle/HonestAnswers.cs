using System.Collections.Concurrent;
using System.Globalization;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// Answers in the shapes of vLLM, SGLang and the embedded engine, JSON and streams, each sealed with its receipt. Texts
/// are short, so that a change is soon at each place.
/// </summary>
internal static class HonestAnswers
{
    private const string Chat = "/v1/chat/completions",
        Completions = "/v1/completions";

    private const string Ask =
        """{"model":"gpt","messages":[{"role":"user","content":"Capital of France?"}],"temperature":0,"seed":7""";

    private const string Prompt = """{"model":"gpt","prompt":"The capital of France is","max_tokens":8""";

    private const string Stamp = """ "environment":"{\"gpu_count\":1,\"gpus\":[\"H100\"]}" """;

    private const string Usage = """ "usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7} """,
        Ids = """ "token_ids":[11,12,13,14] """,
        PromptIds = """ "prompt_token_ids":[1,2,3] """;

    private static readonly Dictionary<string, string> Pins = new() { ["model"] = "\"tiny\"", ["seed"] = "42" };

    /// <summary>By name.</summary>
    public static IReadOnlyDictionary<string, Exchange> All { get; } =
        Make().ToDictionary(exchange => exchange.Name, StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<(string, ExchangeForm), ShownFiles> ShownByForm = [];

    /// <summary>What clients show of the honest exchange that another one was made of, in its form.</summary>
    public static ShownFiles Shown(Exchange altered) =>
        ShownByForm.GetOrAdd(
            (altered.Name, altered.Form),
            key =>
            {
                Exchange honest = All[key.Item1].Copy();
                honest.Form = key.Item2;
                var shown = new ShownFiles(honest.Files(), honest.HasPlaces);
                // Further readers find it read, from any thread.
                for (int kind = 0; kind < ClientReader.All.Count; kind++)
                    shown.Read(kind);
                return shown;
            }
        );

    private static IEnumerable<Exchange> Make()
    {
        const string text = """ "content":"Paris is not Rome." """;
        yield return Json("chat", "", Body(Choice(0, text)));
        yield return Json("chat-n2", ",\"n\":2", Body(Choice(0, text), Choice(1, """ "content":"It is Paris." """)));
        yield return Json(
            "chat-logprobs",
            ",\"logprobs\":true,\"top_logprobs\":1",
            Body(Choice(0, text, ChatLogprobs))
        );
        yield return Json("chat-ids", ",\"return_token_ids\":true", Body(Choice(0, text, Ids), PromptIds));
        yield return Json(
            "chat-sglext",
            ",\"return_output_ids_in_sglext\":true",
            Body(Choice(0, text), """ "sglext":{"input_ids":[1,2,3],"output_ids":[[11,12,13,14]]} """)
        );
        yield return Json("chat-tools", ",\"tools\":[]", Body(Choice(0, TwoTools, finish: "tool_calls")));
        yield return Json("chat-custom", ",\"tools\":[]", Body(Choice(0, CustomTool, finish: "tool_calls")));
        yield return Json("chat-function", ",\"functions\":[]", Body(Choice(0, OldCall, finish: "function_call")));
        yield return Json(
            "chat-reasoning",
            "",
            Body(Choice(0, """ "content":"Paris.","reasoning_content":"France: Paris." """))
        );
        yield return Json(
            "chat-reasoning-vllm",
            "",
            Body(Choice(0, """ "content":"Paris.","reasoning":"France: Paris." """))
        );
        yield return Json("chat-refusal", "", Body(Choice(0, """ "content":null,"refusal":"I can't say." """)));
        yield return Json("chat-unicode", "", Body(Choice(0, " \"content\":\"Zu\u0308rich\u2028 🇨🇭👍\" ")));
        yield return Json("chat-json-mode", "", Body(Choice(0, """ "content":"{\"city\":\"Paris\",\"n\":1}" """)));
        yield return Json(
            "chat-json-parts",
            "",
            Body(Choice(0, """ "content":"[{\"type\":\"text\",\"text\":\"Paris\"}]" """))
        );
        yield return Json("chat-number", "", Body(Choice(0, """ "content":"7" """)));
        yield return Json("completion", "", Body(TextChoice(0, "Paris.")), Completions);
        yield return Json(
            "completion-n2-logprobs",
            ",\"n\":2,\"logprobs\":1",
            Body(TextChoice(0, " Paris", OldLogprobs), TextChoice(1, " Lyon", OldLogprobs)),
            Completions
        );

        yield return Stream("stream", "", Chunks("Paris", " is", " not", " Rome."));
        yield return Stream("stream-bare", "", [.. Chunks("Paris", " is", " not", " Rome.")[..^1]]);
        yield return Stream("stream-n2", ",\"n\":2", TwoChoices());
        yield return Stream("stream-logprobs", ",\"logprobs\":true", Logprobs("Paris", " is", " not", " Rome."));
        yield return Stream("stream-ids", ",\"return_token_ids\":true", IdChunks("Paris", " is", " not", " Rome."));
        yield return Stream(
            "stream-sglext",
            ",\"return_output_ids_in_sglext\":true",
            [
                .. Chunks("Paris", " is", " not", " Rome."),
                """{"id":"x","choices":[],"sglext":{"output_ids":[[11,12,13,14]]}}""",
            ]
        );
        yield return Stream("stream-tools", ",\"tools\":[]", ToolChunks(), hasPlaces: false);
        yield return Stream("stream-tool", ",\"tools\":[]", [.. ToolChunks()[..^3], ToolChunks()[^1]]);
        yield return Stream(
            "stream-reasoning",
            "",
            [
                Chunk(""" "role":"assistant","content":null,"reasoning_content":"France:" """),
                Chunk(""" "reasoning_content":" Paris." """),
                Chunk(""" "content":"Paris" """),
                Chunk(""" "content":"." """),
                Chunk("", "stop"),
            ]
        );
        yield return Stream(
            "stream-refusal",
            "",
            [
                Chunk(""" "role":"assistant","content":null,"refusal":"I can't" """),
                Chunk(""" "refusal":" say." """),
                Chunk("", "stop"),
            ]
        );
        yield return Stream(
            "stream-unicode",
            "",
            [
                Chunk(" \"role\":\"assistant\",\"content\":\"Zu\u0308rich\u2028 \" "),
                Chunk(""" "content":"\ud83d" """),
                Chunk(""" "content":"\udc4d" """),
                Chunk("", "stop"),
            ]
        );
        yield return Stream(
            "stream-completion",
            "",
            [TextChunk(0, " Paris"), TextChunk(0, " is"), TextChunk(0, "."), TextChunk(0, "", "length"), UsageChunk],
            Completions
        );
        yield return Stream(
            "stream-completion-n2",
            ",\"n\":2",
            [
                TextChunk(0, " Paris"),
                TextChunk(1, " Lyon"),
                TextChunk(0, ".", "stop"),
                TextChunk(1, "!", "length"),
                UsageChunk,
            ],
            Completions
        );
        yield return Stream("stream-broken", "", [.. Chunks("Paris", " is", " not", " Rome.")[..3]]);
    }

    private static Exchange Json(string name, string more, string body, string path = Chat) =>
        Seal(name, more, [body], path, isStream: false, hasPlaces: true);

    private static Exchange Stream(
        string name,
        string more,
        IReadOnlyList<string> events,
        string path = Chat,
        bool hasPlaces = true
    ) => Seal(name, more + ",\"stream\":true", events, path, isStream: true, hasPlaces && !more.Contains("\"n\":2"));

    private static Exchange Seal(
        string name,
        string more,
        IReadOnlyList<string> parts,
        string path,
        bool isStream,
        bool hasPlaces
    )
    {
        string request = (path == Chat ? Ask : Prompt) + more + "}";
        LooseJson[] trees = [.. parts.Select(LooseJson.Parse)];
        var receipt = LooseJson.Parse(
            HonestSigner.Seal(
                name,
                path,
                request,
                Pins,
                trees.Select(tree => tree.ToString()),
                isStream,
                more.Contains("\"logprobs\":", StringComparison.Ordinal),
                more.Contains("\"n\":2", StringComparison.Ordinal) ? 2 : 1
            )
        );
        if (!isStream)
            trees[0].Members.Add(new LooseMember("determinism", receipt));
        return new Exchange
        {
            Name = name,
            Path = path,
            Request = LooseJson.Parse(request),
            Answer = isStream ? null : trees[0],
            Events = isStream
                ? new EventList([
                    .. trees.Select(StreamPart.Event),
                    StreamPart.Raw($": dis-receipt {receipt}\n"),
                    StreamPart.Raw(EventList.End),
                ])
                : null,
            Receipt = receipt,
            Environment = LooseJson.Parse(HonestSigner.EnvironmentText),
            HasPlaces = hasPlaces,
        };
    }

    // JSON answers

    private const string ChatLogprobs = """
        "logprobs":{"content":[
          {"token":"Paris","logprob":-0.25,"bytes":null,"top_logprobs":[{"token":"Paris","logprob":-0.25}]},
          {"token":" is not Rome.","logprob":-1.5,"bytes":null,"top_logprobs":[{"token":" was","logprob":-2}]}],
        "refusal":null}
        """;

    private const string OldLogprobs = """
        "logprobs":{"tokens":[" P","s"],"token_logprobs":[null,-0.5],"top_logprobs":[null,{"s":-0.5}],"text_offset":[0,2]}
        """;

    private const string TwoTools = """
        "content":null,"tool_calls":[
          {"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Paris\"}"}},
          {"id":"call_2","type":"function","function":{"name":"mail","arguments":"{\"to\":\"a@b\"}"}}]
        """;

    private const string CustomTool = """
        "content":null,"tool_calls":[{"id":"call_1","type":"custom","custom":{"name":"shell","input":"ls"}}]
        """;

    private const string OldCall = """
        "content":null,"function_call":{"name":"weather","arguments":"{\"city\":\"Paris\"}"}
        """;

    private static string Body(params string[] choicesAndMembers)
    {
        IEnumerable<string> choices = choicesAndMembers.Where(part => part.StartsWith('{')),
            members = choicesAndMembers.Where(part => !part.StartsWith('{'));
        string more = string.Concat(members.Select(member => "," + member));
        return $$"""
            {"id":"x","object":"answer","created":17,"model":"tiny","choices":[{{string.Join(',', choices)}}],
            {{Usage}}{{more}},{{Stamp}}}
            """;
    }

    private static string Choice(int index, string message, string more = "", string finish = "stop")
    {
        string rest = more.Length == 0 ? "" : "," + more;
        return $$"""
            {"index":{{index}},"message":{"role":"assistant",{{message}}},"finish_reason":"{{finish}}"{{rest}}}
            """;
    }

    private static string TextChoice(int index, string text, string more = "")
    {
        string rest = more.Length == 0 ? "" : "," + more;
        return $$"""{"index":{{index}},"text":"{{text}}","finish_reason":"stop"{{rest}}}""";
    }

    // Streams

    private const string UsageChunk = $$"""{"id":"x","model":"tiny","choices":[],{{Usage}}}""";

    private static string[] Chunks(params string[] texts) =>
        [
            Chunk(""" "role":"assistant","content":"" """),
            .. texts.Select(text => Chunk($"\"content\":\"{text}\"")),
            Chunk("", "stop"),
            UsageChunk,
        ];

    private static string[] Logprobs(params string[] texts) =>
        [
            Chunk(""" "role":"assistant","content":"" """),
            .. texts.Select(text =>
                Chunk(
                    $"\"content\":\"{text}\"",
                    more: $$"""
                    "logprobs":{"content":[{"token":"{{text}}","logprob":-0.25,"top_logprobs":[]}],"refusal":null}
                    """
                )
            ),
            Chunk("", "stop"),
            UsageChunk,
        ];

    private static string[] IdChunks(params string[] texts) =>
        [
            Chunk(""" "role":"assistant","content":"" """, envelope: PromptIds),
            .. texts.Index().Select(text => Chunk($"\"content\":\"{text.Item}\"", more: IdOf(text.Index))),
            Chunk("", "stop"),
            UsageChunk,
        ];

    private static string IdOf(int place) => $"\"token_ids\":[{(11 + place).ToString(CultureInfo.InvariantCulture)}]";

    private static string[] TwoChoices() =>
        [
            Chunk(""" "role":"assistant","content":"" """, index: 0),
            Chunk(""" "role":"assistant","content":"" """, index: 1),
            Chunk(""" "content":"Paris" """, index: 0),
            Chunk(""" "content":"Not" """, index: 1),
            Chunk(""" "content":"." """, index: 0),
            Chunk(""" "content":" Rome." """, index: 1),
            Chunk("", "stop", index: 0),
            Chunk("", "length", index: 1),
            UsageChunk,
        ];

    private static string[] ToolChunks() =>
        [
            Chunk(""" "role":"assistant","content":null """),
            Chunk(Tool("""{"index":0,"id":"c1","type":"function","function":{"name":"weather","arguments":""}}""")),
            Chunk(Tool("""{"index":0,"function":{"arguments":"{\"city\":"}}""")),
            Chunk(Tool("""{"index":0,"function":{"arguments":"\"Paris\"}"}}""")),
            Chunk(Tool("""{"index":1,"id":"c2","type":"function","function":{"name":"mail","arguments":""}}""")),
            Chunk(Tool("""{"index":1,"function":{"arguments":"{\"to\":\"a@b\"}"}}""")),
            Chunk("", "tool_calls"),
        ];

    private static string Tool(string call) => $"\"tool_calls\":[{call}]";

    private static string Chunk(
        string delta,
        string? finish = null,
        string more = "",
        string envelope = "",
        int index = 0
    )
    {
        string rest = more.Length == 0 ? "" : "," + more,
            top = envelope.Length == 0 ? "" : "," + envelope,
            reason = finish is null ? "null" : $"\"{finish}\"";
        return $$"""
            {"id":"x","object":"chunk","created":17,"model":"tiny",
            "choices":[{"index":{{index}},"delta":{{{delta}}},"finish_reason":{{reason}}{{rest}}}]{{top}}}
            """;
    }

    private static string TextChunk(int index, string text, string? finish = null)
    {
        string reason = finish is null ? "null" : $"\"{finish}\"";
        return $$"""
            {"id":"x","object":"chunk","model":"tiny",
            "choices":[{"index":{{index}},"text":"{{text}}","finish_reason":{{reason}}}]}
            """;
    }
}
