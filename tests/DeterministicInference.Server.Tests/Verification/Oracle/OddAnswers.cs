namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>An honest exchange whose spelling readers may lose.</summary>
/// <param name="Name">What is odd.</param>
/// <param name="Path">The route.</param>
/// <param name="Request">The client's body, byte for byte.</param>
/// <param name="Parts">The answer, or the data of each event, byte for byte.</param>
internal sealed record OddAnswer(string Name, string Path, string Request, params IReadOnlyList<string> Parts)
{
    private readonly Func<string, string>? _recorded;

    public string Verdict { get; init; } = "VALID";

    public bool IsStream { get; init; }

    public bool WantsLogprobs { get; init; }

    public int ChoicesPerPrompt { get; init; } = 1;

    /// <summary>What the holder's recording of the stream has besides the events.</summary>
    public Func<string, string> Recorded
    {
        get => _recorded ?? (text => text);
        init => _recorded = value;
    }

    public Exchange Exchange()
    {
        string receipt = HonestSigner.Seal(
                $"odd {Name}",
                Path,
                Request,
                new Dictionary<string, string>(),
                Parts,
                IsStream,
                WantsLogprobs,
                ChoicesPerPrompt
            ),
            body = IsStream
                ? Recorded(string.Concat(Parts.Select(part => $"data: {part}\n\n")) + EventList.End)
                : Recorded(Parts[0]);
        var exchange = new Exchange
        {
            Name = $"odd {Name}",
            Path = Path,
            Request = LooseJson.Raw(Request),
            Answer = IsStream ? null : LooseJson.Raw(body),
            Events = IsStream ? new EventList([StreamPart.Raw(body)]) : null,
            Receipt = LooseJson.Parse(receipt),
            Environment = LooseJson.Parse(HonestSigner.EnvironmentText),
            HasPlaces = false,
            Form = ExchangeForm.Carried,
        };
        return exchange;
    }
}

/// <summary>
/// Requests and answers with all that the canonical forms name: spellings, orders, members that nobody reads, halves of
/// pairs, log-probabilities and ids in each of their places.
/// </summary>
internal static class OddAnswers
{
    private const string Chat = "/v1/chat/completions",
        Completions = "/v1/completions";

    private const string Usual = """{"choices":[{"message":{"content":"Paris"},"finish_reason":"stop"}]}""",
        Text = """{"choices":[{"text":"Paris","finish_reason":"stop"}]}""",
        Ask = """{"model":"gpt","messages":[]}""",
        End = """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    public static IReadOnlyList<OddAnswer> All { get; } = [.. Requests(), .. Answers(), .. Streams()];

    private static IEnumerable<OddAnswer> Requests() =>
        [
            Of(
                "spellings of texts",
                """{ "a\u0041":"\u0041\/\b\f\n\r\t\u000b\u001f\u007f\u0080\u2028\ud83d\ude00","é":"é","\u00e9\u0000":1 }"""
            ),
            Of("numbers", """{"a":0.70,"b":-120,"c":1E+2,"d":0e5,"e":-0.0,"f":1e-10,"g":10.00e-2,"h":-0,"i":0.001}"""),
            Of(
                "large numbers",
                """{"a":123456789012345678901234567890,"b":1e99999999,"c":1e999999999,"d":100e99999}"""
            ),
            Of(
                "exponents of ten characters",
                """{"a":1e9999999999,"b":1E+000000001,"c":0e1234567890,"d":1.0E-00000001}"""
            ),
            Of(
                "exponents that are written long",
                """{"a":1e+00000001,"b":1e-0000001,"c":1e00000001,"d":1e000000001}"""
            ),
            Of(
                "numbers below the top level",
                """{"a":[1.0,{"b":1e2}],"logit_bias":{"1":1.0,"2":-0.50,"x":{"y":1.0}}}"""
            ),
            Of("a logit_bias that is a list", """{"logit_bias":[1.0,{"a":1.0}],"messages":[]}"""),
            Of("a logit_bias that is a number", """{"logit_bias":1.0}"""),
            Of("the order of names", """{"z":1,"\ue000":2,"\ud83d\ude00":3,"a":4,"A":5,"":6,"é":7,"zz":8}"""),
            Of("order below the top level", """{"messages":[{"z":1,"a":2,"role":"user"}],"m":{"b":1,"a":2}}"""),
            Of(
                "members without effect",
                """{"stream":false,"user":"x","str\u0065am_options":{"a":1},"rid":1,"model":"m"}"""
            ),
            Of("a limit by its new name", """{"max_completion_tokens":5.0,"max_tokens":null,"model":"m"}"""),
            Of("limits by both names", """{"max_completion_tokens":5,"max_tokens":7,"model":"m"}"""),
            Of("a new limit that is null", """{"max_completion_tokens":null,"max_tokens":7,"model":"m"}"""),
            Of("a new limit of a completion", """{"max_completion_tokens":5,"prompt":"x"}""", Completions, Text),
            Of(
                "values that say nothing",
                """
                {"n":1.0,"min_tokens":0.0,"stop":[ ],"stop_token_ids":[],"stop_regex":[],"bad_words":[],"lora":[],
                "logits_processors":[],"logit_bias":{ },"vllm_xargs":{},"custom_params":{},"structured_outputs":{},
                "echo":false,"ignore_eos":false,"no_stop_trim":false,"use_beam_search":false,"return_token_ids":false,
                "skip_special_tokens":true,"response_format":{ "type" : "t\u0065xt" },"logprobs":false,"tools":[],
                "functions":[],"documents":[],"add_generation_prompt":true,"include_reasoning":true,"modalities":["text"],
                "mm_processor_kwargs":{},"continue_final_message":false,"messages":[],"return_cached_tokens_details":false,
                "return_routed_experts":false,"return_hidden_states":false,"return_tokens_as_token_ids":false,
                "spaces_between_special_tokens":true,"include_stop_str_in_output":false,"separate_reasoning":true,
                "stream_reasoning":true}
                """
            ),
            Of(
                "values that say something elsewhere",
                """{"logprobs":false,"tools":[],"modalities":["text"],"prompt":"","n":1,"documents":[]}""",
                Completions,
                Text
            ),
            Of(
                "values that say something",
                """{"n":2,"min_tokens":1,"echo":true,"stop":[null],"tools":[{}],"seed":0}"""
            ),
            Of("a byte order mark and white space", "\uFEFF \r\n\t{ \"a\" : [ 1 , { } ] }\n"),
            Of("an empty request", "{}"),
            Of(
                "names of JavaScript",
                """{"__proto__":{"a":1},"constructor":1,"toString":2,"hasOwnProperty":3,"10":1,"2":2}"""
            ),
        ];

    private static IEnumerable<OddAnswer> Answers() =>
        [
            Answer("an answer with a byte order mark", Usual) with
            {
                Recorded = text => "\uFEFF " + text + "\r\n",
            },
            Answer(
                "extras",
                """
                {"choices":[{"message":{"content":"x","annotations":[{"url":"x","n":1.50,"a":{"z":1,"b":[10.0,-0.0]}}],
                "audio":null,"\ue000":1,"\ud83d\ude00":2,"é":"\u0041\/\ud83d","constructor":1,"toString":2},
                "stop_reason":"é","matched_stop":[ ],"empty":{ },"none":"","false":false,"zero":0,"nulls":[null],
                "finish_reason":"stop"}]}
                """
            ),
            Answer(
                "extras of tool calls and of two choices",
                """
                {"choices":[{"index":0,"message":{"role":"assistant","tool_calls":[{"id":"a","index":7,"nobody":{"b":1,"a":2},
                "function":{"name":"f","arguments":"{}","parsed_arguments":{"x":1}}},{"type":"custom","x":1e2,
                "custom":{"name":"c","input":"i"}}],"parsed":{"y":1}},"finish_reason":"tool_calls"},
                {"index":1,"message":{"content":"","z":"z","a":"a"},"finish_reason":"stop","b":1,"a":2}]}
                """
            ),
            Answer(
                "extras with halves of pairs and __proto__ below",
                """{"choices":[{"message":{},"x":{"\ud83d":1,"__proto__":{"\udc00":"\udc00"},"a":2},"finish_reason":"stop"}]}"""
            ),
            Answer(
                "extras of 128 levels",
                $$"""{"choices":[{"x":{{new string('[', 125)}}{{new string(']', 125)}},"message":{},"finish_reason":"stop"}]}"""
            ),
            Answer(
                "log-probabilities that are no numbers",
                """
                {"choices":[{"message":{"content":"ab"},"finish_reason":"stop","logprobs":{"content":[
                {"token":"a","logprob":-Infinity,"top_logprobs":[{"token":"\ud83d","logprob":NaN},{"token":"","logprob":Infinity}]},
                {"token":"b","logprob":null,"bytes":[1],"nobody":-Infinity},
                {"token":"c","logprob":-0.0},{"token":"d","logprob":1e400},{"token":"e","logprob":0.1e-3}],
                "refusal":[{"token":"no","logprob":-1,"top_logprobs":[]}]}}]}
                """
            ) with
            {
                WantsLogprobs = true,
            },
            Answer(
                "log-probabilities of a refusal alone, not asked for",
                """
                {"choices":[{"message":{"refusal":"no"},"finish_reason":"stop",
                "logprobs":{"content":null,"refusal":[{"token":"no","logprob":-1.5e0}]}}]}
                """
            ),
            Answer("log-probabilities that were asked for, and none there", Usual) with
            {
                WantsLogprobs = true,
            },
            Answer(
                "log-probabilities in parallel arrays",
                """
                {"choices":[{"text":"ab","finish_reason":"stop","logprobs":{"tokens":["a","b"],"token_logprobs":[null,-0.5],
                "top_logprobs":[null,{"x":-1,"x":-2,"\ud83d":NaN,"__proto__":-Infinity}],"text_offset":[0,1]}}]}
                """,
                Completions
            ) with
            {
                WantsLogprobs = true,
            },
            Answer(
                "empty alternatives of parallel arrays",
                """
                {"choices":[{"text":"a","finish_reason":"stop","logprobs":{"tokens":["a"],"token_logprobs":[-1],
                "top_logprobs":[]}}]}
                """,
                Completions
            ) with
            {
                WantsLogprobs = true,
            },
            Answer(
                "no numbers beside the tokens",
                """{"choices":[{"text":"a","finish_reason":"stop","logprobs":{"tokens":["a"],"token_logprobs":null}}]}""",
                Completions
            ),
            Answer(
                "halves of pairs",
                """{"choices":[{"message":{"content":"\ud83d x \udc4d\ud83d\udc4d\ud83d"},"finish_reason":"stop"}]}"""
            ),
            Answer(
                "a role of its own",
                """{"choices":[{"message":{"role":"tool","content":"x"},"finish_reason":"stop"}]}"""
            ),
            Answer(
                "both names of reasoning",
                """
                {"choices":[{"message":{"reasoning":"r\u00e9","reasoning_content":"ré","content":"x"},"finish_reason":"stop"}]}
                """
            ),
            Answer(
                "tool calls of all kinds",
                """
                {"choices":[{"message":{"tool_calls":[{"type":"function"},{"type":"custom","function":null},
                {"type":"","function":{"name":"f","arguments":null}},{"type":null,"custom":{"name":"","input":"\ud83d"}}]},
                "finish_reason":"tool_calls"}]}
                """
            ),
            Answer(
                "a function call without arguments",
                """{"choices":[{"message":{"function_call":{"name":"f"}},"finish_reason":"stop"}]}"""
            ),
            Answer(
                "text beside a message",
                """{"choices":[{"text":"t","message":{"content":"c"},"finish_reason":"stop"}]}"""
            ),
            Answer(
                "members that nobody reads",
                """
                {"id":{"a":1},"object":7,"created":"x","timings":[],"citations":[{"a":1,"a":2}],"usage":{"prompt_tokens":1,
                "details":{"a":1,"a":2},"total_tokens":9223372036854775807,"completion_tokens":null},"model":"","x":-1,
                "choices":[{"index":0,"message":{"content":"x"},"finish_reason":"stop"}],"sglext":{"nobody":1},"error":null}
                """
            ),
            Answer(
                "an answer by its length",
                """{"choices":[{"message":{"content":"x"},"finish_reason":"length"}],"model":"a\u0062\u2028é"}"""
            ),
            Answer(
                "ids of several prompts",
                """
                {"choices":[{"index":0,"text":"a","finish_reason":"stop","token_ids":[1],"prompt_token_ids":[5,6]},
                {"index":1,"text":"b","finish_reason":"stop","token_ids":[],"prompt_token_ids":[5,6]},
                {"index":2,"text":"c","finish_reason":"stop","response_token_ids":[4294967295],"prompt_token_ids":[]},
                {"index":3,"text":"d","finish_reason":"stop","token_ids":[0],"prompt_token_ids":null}],
                "prompt_token_ids":[5,6],"usage":{"completion_tokens":3}}
                """,
                Completions,
                """{"prompt":["a","b"],"n":2.0}"""
            ) with
            {
                ChoicesPerPrompt = 2,
            },
            Answer("fewer ids than counted", Ids("[1]", "2")),
            Answer("an id that is too large", Ids("[4294967296]", "1")),
            Answer("ids that are texts", Ids("[\"1\"]", "1")),
            Answer("ids with a fraction", Ids("[1.0]", "1")),
            Answer("ids that are an object", Ids("{}", "1")),
            Answer(
                "an answer of a broken one",
                """{"choices":[{"message":{"content":"x"},"finish_reason":"abort"}]}"""
            ) with
            {
                Verdict = "INCOMPLETE",
            },
            Answer("an answer without choices", """{"choices":[]}""") with
            {
                Verdict = "INCOMPLETE",
            },
            Answer("an error", """{"error":{"message":"x"}}""") with
            {
                Verdict = "INCOMPLETE",
            },
            Answer("an error by its object", """{"object":"error","message":"x"}""") with
            {
                Verdict = "INCOMPLETE",
            },
            Answer("no finish", """{"choices":[{"message":{"content":"x"},"finish_reason":null}]}""") with
            {
                Verdict = "INCOMPLETE",
            },
        ];

    private static IEnumerable<OddAnswer> Streams() =>
        [
            Stream(
                "halves of pairs in two events",
                Delta(""" "content":"\ud83d" """),
                Delta(""" "content":"\udc4d\ud83d" """),
                End
            ),
            Stream(
                "line breaks of some clients in texts",
                Delta(" \"content\":\"a\u2028b\u0085c\u2029\" "),
                Delta(" \"nobody\":\"\u2028\" "),
                $$"""{"model":"a{{Break}}","choices":[]}""",
                End
            ),
            Stream(
                "line breaks of some clients in reasoning",
                Delta(" \"reasoning\":\"a\u2028\",\"reasoning_content\":\"a\u2028\" "),
                End
            ),
            Stream(
                "line breaks of some clients in tokens",
                $$"""{"choices":[{"index":0,"delta":{"content":"x"},"logprobs":{"content":[{{Broken}}]} }]}""",
                End
            ),
            Stream(
                "extras in several events",
                """{"choices":[{"index":0,"delta":{"b":1,"a":[2.0]},"x":"y"}]}""",
                """{"choices":[{"index":0,"delta":{"a":{"z":1,"b":2}}}]}""",
                """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":3,"id":"t","extra":1,"function":{"name":"f"}}]}}]}""",
                End
            ),
            Stream(
                "tool calls with gaps, kinds by pieces",
                Delta(""" "tool_calls":[{"index":2,"type":"function"},{"index":5,"custom":{"name":"c"}}] """),
                Delta(""" "tool_calls":[{"index":2,"id":"x","function":{"name":"f","arguments":"{"}}] """),
                Delta(""" "tool_calls":[{"index":2,"id":"x","type":"","function":{"name":"","arguments":"}"}}] """),
                Delta(""" "tool_calls":[{"index":5,"type":"custom","custom":{"input":"i","name":null}}] """),
                End
            ),
            Stream(
                "a function call in pieces",
                Delta(""" "role":"assistant","function_call":{"name":"f","arguments":""} """),
                Delta(""" "role":"assistant","function_call":{"arguments":"{}"} """),
                End
            ),
            Stream(
                "choices and tool calls without indexes",
                """{"choices":[{"delta":{"content":"a"}},{"delta":{"tool_calls":[{"function":{"name":"f"}}]}}]}""",
                """{"choices":[{"delta":{"content":"b"}},{"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]}}]}""",
                """{"choices":[{"delta":{},"finish_reason":"stop"},{"finish_reason":"tool_calls"}]}"""
            ),
            Stream(
                "counts and models in several events",
                """{"model":"m","usage":{"prompt_tokens":3},"choices":[]}""",
                """{"model":"","usage":{"prompt_tokens":null,"completion_tokens":1},"choices":[]}""",
                """{"model":"m","usage":{"completion_tokens":2,"prompt_tokens":4},"choices":[]}""",
                End
            ),
            Stream("an end that comes twice", Delta(""" "content":"x" """), End, End),
            Stream(
                "log-probabilities of content and refusal in turns",
                """{"choices":[{"index":0,"delta":{"content":"a"},"logprobs":{"content":[{"token":"a","logprob":-1}],"refusal":[{"token":"r","logprob":-2}]}}]}""",
                """{"choices":[{"index":1,"delta":{},"logprobs":{"refusal":[{"token":"q","logprob":-2}]},"finish_reason":"stop"}]}""",
                """{"choices":[{"index":0,"delta":{},"logprobs":{"content":[{"token":"b","logprob":-3}]},"finish_reason":"stop"}]}"""
            ),
            Stream(
                "ids in the last event",
                Delta(""" "content":"ab" """),
                End,
                """{"choices":[],"sglext":{"output_ids":[[1,2]],"input_ids":[7,8]},"usage":{"completion_tokens":2}}"""
            ),
            Stream(
                "ids that come before more text",
                Delta(""" "content":"a" """),
                Listed,
                Delta(""" "content":"b" """),
                End
            ),
            Stream("ids of some texts", WithIds("a", "[1]"), Delta(""" "content":"b" """), End),
            Stream("ids behind the texts", Delta(""" "content":"b" """), WithIds("", "[1]"), End),
            Stream("a stream in spellings of its own", Delta(""" "content":"x" """), "null", End) with
            {
                Recorded = text =>
                    ": ping\nid: 1\nretry:5\n\n"
                    + text.Replace("data: {", "data:{", StringComparison.Ordinal)
                        .Replace("}\n\n", "}\nevent:message\n\n", StringComparison.Ordinal),
            },
            Stream("a stream with line ends of Windows", Delta(""" "content":"x" """), End) with
            {
                Recorded = text => text.Replace("\n", "\r\n", StringComparison.Ordinal),
            },
            Stream("a stream without its last line ends", Delta(""" "content":"x" """), End) with
            {
                Recorded = text => text.TrimEnd('\n'),
            },
            Stream("a mark of the end with spaces", Delta(""" "content":"x" """), End) with
            {
                Recorded = text => text.Replace("[DONE]", "[DONE]  ", StringComparison.Ordinal) + "\n\r\n",
            },
            Stream("a mark of the end with a word", Delta(""" "content":"x" """), End) with
            {
                Recorded = text => text.Replace("[DONE]", "[DONE] x", StringComparison.Ordinal),
                Verdict = "TAMPERED",
            },
            Stream("a comment behind the end", Delta(""" "content":"x" """), End) with
            {
                Recorded = text => text + ": x\n",
                Verdict = "TAMPERED",
            },
            Stream("a line break of some clients in a comment", Delta(""" "content":"x" """), End) with
            {
                Recorded = text => ": \u000b\n" + text,
                Verdict = "TAMPERED",
            },
            Stream("a line break of some clients in a member that is not bound", Delta(""" "content":"x" """), End) with
            {
                Recorded = text =>
                    text.Replace("{\"choices\"", "{\"id\":\"\u2028\",\"choices\"", StringComparison.Ordinal),
                Verdict = "TAMPERED",
            },
            Stream(
                "a stream that ends with an error",
                Delta(""" "content":"x" """),
                """{"error":{"message":"x"}}"""
            ) with
            {
                Verdict = "INCOMPLETE",
            },
            Stream("a stream without an event") with
            {
                Verdict = "INCOMPLETE",
            },
        ];

    private const string Break = "\u2028",
        Broken = $$"""{"token":"{{Break}}","logprob":-1,"top_logprobs":[{"token":"{{Break}}","logprob":-1}]}""";

    private const string Listed = """{"choices":[],"sglext":{"output_ids":[[1,2]]}}""";

    private static string Ids(string ids, string count) =>
        $$"""
            {"choices":[{"message":{"content":"x"},"finish_reason":"stop","token_ids":{{ids}} }],
            "usage":{"completion_tokens":{{count}} } }
            """;

    private static string Delta(string delta) => $$"""{"choices":[{"index":0,"delta":{ {{delta}} } }]}""";

    private static string WithIds(string text, string ids) =>
        $$"""{"choices":[{"index":0,"delta":{"content":"{{text}}"},"token_ids":{{ids}} }]}""";

    private static OddAnswer Of(string name, string request, string path = Chat, string answer = Usual) =>
        new($"request: {name}", path, request, answer);

    private static OddAnswer Answer(string name, string answer, string path = Chat, string? request = null) =>
        new($"answer: {name}", path, request ?? (path == Chat ? Ask : """{"prompt":"x"}"""), answer);

    private static OddAnswer Stream(string name, params IReadOnlyList<string> events) =>
        new($"stream: {name}", Chat, Ask, events) { IsStream = true };
}
