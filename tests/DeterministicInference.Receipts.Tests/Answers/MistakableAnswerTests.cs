using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>What clients read in another way than the form, or each in its own, has no canonical form.</summary>
public sealed class MistakableAnswerTests
{
    /// <summary>An object and the names that are read in it; <c>@</c> is where a member is put.</summary>
    public static TheoryData<string, Enum, string> Objects { get; } =
        new()
        {
            {
                """{@"x":1}""",
                AnswerDelivery.Json,
                "choices error object model usage prompt_token_ids sglext id created timings environment determinism"
            },
            { """{"usage":{@"x":1}}""", AnswerDelivery.Sse, "prompt_tokens completion_tokens total_tokens" },
            { """{"sglext":{@"x":1}}""", AnswerDelivery.Json, "output_ids input_ids" },
            {
                """{"choices":[{@"x":1}]}""",
                AnswerDelivery.Json,
                "index text finish_reason logprobs token_ids response_token_ids prompt_token_ids message"
            },
            { """{"choices":[{@"x":1}]}""", AnswerDelivery.Sse, "index delta" },
            {
                """{"choices":[{"delta":{@"x":1}}]}""",
                AnswerDelivery.Sse,
                "role content reasoning_content reasoning refusal function_call tool_calls"
            },
            {
                """{"choices":[{"message":{"tool_calls":[{@"type":"custom"}]}}]}""",
                AnswerDelivery.Json,
                "id type function custom"
            },
            { """{"choices":[{"delta":{"tool_calls":[{@"x":1}]}}]}""", AnswerDelivery.Sse, "index" },
            { """{"choices":[{"message":{"function_call":{@"name":"f"}}}]}""", AnswerDelivery.Json, "name arguments" },
            {
                """{"choices":[{"delta":{"tool_calls":[{"function":{@"x":null}}]}}]}""",
                AnswerDelivery.Sse,
                "name arguments"
            },
            { """{"choices":[{"delta":{"tool_calls":[{"custom":{@"x":null}}]}}]}""", AnswerDelivery.Sse, "name input" },
            {
                """{"choices":[{"logprobs":{@"x":1}}]}""",
                AnswerDelivery.Json,
                "content refusal tokens token_logprobs top_logprobs"
            },
            {
                """{"choices":[{"logprobs":{"content":[{@"token":"a"}]}}]}""",
                AnswerDelivery.Json,
                "token logprob top_logprobs"
            },
            {
                """{"choices":[{"logprobs":{"content":[{"token":"a","top_logprobs":[{@"token":"a"}]}]}}]}""",
                AnswerDelivery.Json,
                "token logprob"
            },
        };

    [Theory]
    [MemberData(nameof(Objects))]
    public void No_name_differs_from_one_that_is_read_only_in_case(string json, Enum delivery, string names)
    {
        string Put(string name) => json.Replace("@", $"\"{name}\":null,", StringComparison.Ordinal);
        foreach (string name in names.Split(' '))
        {
            foreach (string variant in Variants(name))
                Assert.Equal(
                    (variant, CanonicalFormError.MistakableName),
                    (variant, Error((AnswerDelivery)delivery, Put(variant)))
                );
            // A letter more, and a letter that only looks like one, are other names.
            foreach (string other in (string[])[name.ToUpperInvariant() + "X", "é" + name, name + "Ｓ"])
                Assert.Equal((other, null), (other, Error((AnswerDelivery)delivery, Put(other))));
        }
        Assert.Equal(CanonicalFormError.MistakableName, Error((AnswerDelivery)delivery, Put("__proto__")));
        Assert.Equal(CanonicalFormError.MistakableName, Error((AnswerDelivery)delivery, Put("\\u005F_proto__")));
        Assert.Null(Error((AnswerDelivery)delivery, Put("__PROTO__")));
        Assert.Null(Error((AnswerDelivery)delivery, Put("__proto_")));
    }

    private static IEnumerable<string> Variants(string name)
    {
        yield return name.ToUpperInvariant();
        yield return char.ToUpperInvariant(name[0]) + name[1..];
        yield return $"\\u{(int)char.ToUpperInvariant(name[0]):x4}{name[1..]}";
        foreach (string pair in (string[])["sſ", "k\u212a", "iı", "iİ"])
        {
            if (name.Contains(pair[0], StringComparison.Ordinal))
                yield return name.Replace(pair[0], pair[1]);
        }
    }

    [Fact]
    public void What_is_passed_over_may_have_any_names()
    {
        Assert.Null(
            Error(AnswerDelivery.Json, """{"x":{"Choices":1,"__proto__":2},"timings":{"Id":1},"error":{"Error":1}}""")
        );
        Assert.Null(
            Error(AnswerDelivery.Sse, """{"choices":[{"Message":1,"delta":{"annotations":[{"Content":1}]}}]}""")
        );
        Assert.Null(
            Error(
                AnswerDelivery.Json,
                """{"choices":[{"Delta":1,"message":{"tool_calls":[{"Index":1,"type":"custom"}]}}]}"""
            )
        );
        const string Tokens = """{"tokens":["a"],"top_logprobs":[{"Token":-1,"__proto__":-2}]}""";
        Assert.Null(Error(AnswerDelivery.Json, $$$"""{"choices":[{"logprobs":{{{Tokens}}}}]}"""));
        const string Nested = """[{"token":"b","top_logprobs":[{"token":1,"Token":2}]}]""";
        Assert.Null(
            Error(
                AnswerDelivery.Json,
                $$$"""{"choices":[{"logprobs":{"content":[{"token":"a","top_logprobs":{{{Nested}}}}]}}]}"""
            )
        );
    }

    /// <summary>Nothing of it is cut off, so that clients and the form compare the same characters.</summary>
    [Theory]
    [InlineData("stop")]
    [InlineData("\\u0073t😀p")]
    [InlineData("abort\uFFFD")]
    [InlineData("abort\\ud83d")]
    [InlineData("\\ude00\\ud83d")]
    public void A_finish_reason_is_bound_as_it_is(string reason)
    {
        string json = $$"""{"choices":[{"index":0,"finish_reason":"{{reason}}"}]}""";
        Assert.Null(Error(AnswerDelivery.Json, json));
        Assert.Null(Error(AnswerDelivery.Sse, json));
    }

    [Theory]
    [InlineData("\"a\"", "\"\\u0061\"", true)]
    [InlineData("\"\"", "\"\"", true)]
    [InlineData("null", "\"a\"", true)]
    [InlineData("\"a\"", "\"b\"", false)]
    [InlineData("\"\"", "\"a\"", false)]
    [InlineData("\"\\ud83d\"", "\"\\ude00\"", false)]
    [InlineData("\"\\ud83d\"", "\"\\ufffd\"", false)]
    public void Reasoning_is_the_same_under_both_of_its_names(string left, string right, bool isSame)
    {
        CanonicalFormError? expected = isSame ? null : CanonicalFormError.Contradiction;
        foreach ((string content, string other) in ((string, string)[])[(left, right), (right, left)])
        {
            string members = $"\"reasoning_content\":{content},\"reasoning\":{other}";
            Assert.Equal(expected, Error(AnswerDelivery.Json, $$$"""{"choices":[{"message":{{{{members}}}}}]}"""));
            Assert.Equal(expected, Error(AnswerDelivery.Sse, $$$"""{"choices":[{"delta":{{{{members}}}}}]}"""));
        }
    }

    [Theory]
    [InlineData("reasoning", "reasoning_content", false)]
    [InlineData("reasoning_content", "reasoning", false)]
    [InlineData("reasoning", "reasoning", true)]
    public void A_stream_keeps_to_the_name_of_its_reasoning(string first, string second, bool isFine)
    {
        string One(string name, string text) => $$$"""{"choices":[{"index":0,"delta":{"{{{name}}}":"{{{text}}}"}}]}""";
        const string Both = """{"choices":[{"index":0,"delta":{"reasoning":"a","reasoning_content":"a"}}]}""";
        CanonicalFormError? expected = isFine ? null : CanonicalFormError.Contradiction;
        // What is empty says nothing, and another choice is another text.
        string otherChoice = One(second, "b").Replace("\"index\":0", "\"index\":1", StringComparison.Ordinal);
        Assert.Null(Error(AnswerDelivery.Sse, One(second, ""), One(first, "a"), One(second, ""), otherChoice));
        Assert.Equal(expected, Error(AnswerDelivery.Sse, One(first, "a"), One(second, "b")));
        Assert.Null(Error(AnswerDelivery.Sse, Both, Both));
        Assert.Equal(CanonicalFormError.Contradiction, Error(AnswerDelivery.Sse, Both, One(first, "b")));
        Assert.Equal(CanonicalFormError.Contradiction, Error(AnswerDelivery.Sse, One(first, "b"), Both));
    }

    [Theory]
    // As vLLM, SGLang and llama.cpp send them, and as others might.
    [InlineData(true, """{"id":"c","function":{"name":"f"}}""", """{"function":{"arguments":"{"}}""")]
    [InlineData(true, """{"id":"c","function":{"name":"f"}}""", """{"id":null,"function":{"name":null}}""")]
    [InlineData(true, """{"id":"c","function":{"name":"f"}}""", """{"id":"","function":{"name":""}}""")]
    [InlineData(true, """{"id":"c","function":{"name":"f"}}""", """{"id":"\u0063","function":{"arguments":"a"}}""")]
    [InlineData(true, """{"id":"","function":{"name":""}}""", """{"id":"c","function":{"name":"f"}}""")]
    [InlineData(true, """{"custom":{"name":"f"},"function":null}""", """{"custom":{"input":"a"}}""")]
    [InlineData(true, """{"id":"c","type":"function"}""", """{"function":{"name":"f"},"type":""}""")]
    [InlineData(true, """{"id":"c"}""", """{"type":"custom","custom":{}}""")]
    [InlineData(true, """{"type":null,"function":null}""", """{"custom":{"name":"f"}}""")]
    [InlineData(false, """{"function":{"name":"f"}}""", """{"function":{"name":"g"}}""")]
    [InlineData(false, """{"function":{"name":"f"}}""", """{"function":{"name":"f"}}""")]
    [InlineData(false, """{"custom":{"name":"f"}}""", """{"custom":{"name":"g"}}""")]
    [InlineData(false, """{"id":"c"}""", """{"id":"d"}""")]
    [InlineData(false, """{"id":"\ud83d"}""", """{"id":"\ude00"}""")]
    [InlineData(false, """{"function":{}}""", """{"custom":{}}""")]
    [InlineData(false, """{"custom":{"name":"f"}}""", """{"function":{"arguments":"a"}}""")]
    [InlineData(false, """{"type":"custom"}""", """{"type":"function"}""")]
    [InlineData(false, """{"type":"custom"}""", """{"function":{}}""")]
    [InlineData(false, """{"function":{}}""", """{"type":"\u0063ustom"}""")]
    public void The_pieces_of_a_tool_call_do_not_contradict_each_other(bool isFine, string first, string second)
    {
        string Delta(string tool, int index = 4, int choice = 2) =>
            $$$"""{"choices":[{"index":{{{choice}}},"delta":{"tool_calls":[{"index":{{{index}}},{{{tool[1..]}}}]}}]}""";
        CanonicalFormError? expected = isFine ? null : CanonicalFormError.Contradiction;
        Assert.Equal(expected, Error(AnswerDelivery.Sse, Delta(first), Delta(second)));
        Assert.Equal(expected, Error(AnswerDelivery.Sse, Delta(first), """{"choices":[]}""", "null", Delta(second)));
        // Of another choice, or another tool call, they are no pieces of the same.
        Assert.Null(Error(AnswerDelivery.Sse, Delta(first), Delta(second, choice: 1)));
        Assert.Null(Error(AnswerDelivery.Sse, Delta(first), Delta(second, index: 3)));
        // Without any index the position counts.
        string[] positions =
        [
            .. ((string[])[first, second]).Select(tool => $$$"""{"choices":[{"delta":{"tool_calls":[{{{tool}}}]}}]}"""),
        ];
        Assert.Equal(expected, Error(AnswerDelivery.Sse, positions));
    }

    [Fact]
    public void The_tool_calls_of_an_answer_are_as_many_as_stand_there()
    {
        const string One = """{"id":"c","function":{"name":"f"}}""",
            Other = """{"id":"d","type":"custom"}""";
        Assert.Null(
            Error(
                AnswerDelivery.Json,
                $$$"""{"choices":[{"message":{"tool_calls":[{{{One}}},{{{Other}}},{{{One}}}]}}]}"""
            )
        );
    }

    [Fact]
    public void A_call_is_a_function_or_custom_and_its_id_a_string()
    {
        foreach (AnswerDelivery delivery in Enum.GetValues<AnswerDelivery>())
        {
            string Tool(string members) =>
                $$$"""{"choices":[{"{{{(delivery == AnswerDelivery.Json ? "message" : "delta")}}}":{"tool_calls":[{{{{members}}}}]}}]}""";
            Assert.Equal(CanonicalFormError.Contradiction, Error(delivery, Tool("\"custom\":{},\"function\":{}")));
            Assert.Equal(
                CanonicalFormError.Contradiction,
                Error(delivery, Tool("\"type\":\"custom\",\"function\":{}"))
            );
            Assert.Equal(
                CanonicalFormError.Contradiction,
                Error(delivery, Tool("\"custom\":{},\"type\":\"function\""))
            );
            Assert.Null(Error(delivery, Tool("\"custom\":null,\"function\":{},\"id\":null")));
            Assert.Null(Error(delivery, Tool("\"custom\":{},\"type\":\"\"")));
            Assert.Equal(CanonicalFormError.WrongType, Error(delivery, Tool("\"type\":\"Function\"")));
            Assert.Equal(
                delivery == AnswerDelivery.Json ? CanonicalFormError.WrongType : null,
                Error(delivery, Tool("\"id\":\"c\",\"type\":null"))
            );
            Assert.Equal(CanonicalFormError.WrongType, Error(delivery, Tool("\"id\":5")));
        }
    }

    [Fact]
    public void A_function_call_has_one_name()
    {
        static string Delta(string name) =>
            $$$$"""{"choices":[{"delta":{"function_call":{"arguments":"","name":{{{{name}}}}}}}]}""";
        Assert.Null(Error(AnswerDelivery.Sse, Delta("\"f\""), Delta("null"), Delta("\"\"")));
        Assert.Equal(CanonicalFormError.Contradiction, Error(AnswerDelivery.Sse, Delta("\"f\""), Delta("\"f\"")));
    }

    /// <summary>It has no line in the output, and clients show that there is a call.</summary>
    [Theory]
    [InlineData("{}", false)]
    [InlineData("{\"name\":null,\"arguments\":null}", false)]
    [InlineData("{\"parsed_arguments\":{\"a\":1},\"x\":null}", false)]
    [InlineData("{\"name\":\"\"}", true)]
    [InlineData("{\"name\":null,\"arguments\":\"\"}", true)]
    [InlineData("null", true)]
    public void A_function_call_has_a_name_or_arguments(string call, bool isFine)
    {
        CanonicalFormError? expected = isFine ? null : CanonicalFormError.WrongType;
        Assert.Equal(
            expected,
            Error(AnswerDelivery.Json, $$$"""{"choices":[{"message":{"function_call":{{{call}}}}}]}""")
        );
        Assert.Equal(
            expected,
            Error(AnswerDelivery.Sse, $$$"""{"choices":[{"delta":{"function_call":{{{call}}}}}]}""")
        );
        // A tool call has its kind.
        if (call != "null")
            Assert.Null(
                Error(AnswerDelivery.Json, $$$"""{"choices":[{"message":{"tool_calls":[{"function":{{{call}}}}]}}]}""")
            );
    }

    /// <summary>
    /// Some clients go by the place of an element, others by its index, and each takes another one of two.
    /// </summary>
    [Theory]
    [InlineData("""[{"index":0},{"index":1}]""", null, null)]
    [InlineData("""[{},{}]""", CanonicalFormError.DuplicateIndex, null)]
    [InlineData("""[{"index":null},{}]""", CanonicalFormError.DuplicateIndex, null)]
    [InlineData("""[{}]""", null, null)]
    [InlineData("""[{"index":0}]""", null, null)]
    [InlineData("""[]""", null, null)]
    [InlineData("""[{},{"index":1}]""", CanonicalFormError.DuplicateIndex, CanonicalFormError.Contradiction)]
    [InlineData("""[{"index":0},{}]""", CanonicalFormError.DuplicateIndex, CanonicalFormError.Contradiction)]
    [InlineData("""[{"index":1},{"index":3}]""", CanonicalFormError.DuplicateIndex, null)]
    [InlineData("""[{"index":1}]""", CanonicalFormError.DuplicateIndex, null)]
    [InlineData("""[{"index":1},{"index":0}]""", CanonicalFormError.DuplicateIndex, CanonicalFormError.DuplicateIndex)]
    [InlineData("""[{"index":0},{"index":0}]""", CanonicalFormError.DuplicateIndex, CanonicalFormError.DuplicateIndex)]
    [InlineData("""[{"index":2147483647}]""", CanonicalFormError.DuplicateIndex, null)]
    [InlineData("""[{"index":2147483648}]""", CanonicalFormError.WrongType, CanonicalFormError.WrongType)]
    [InlineData("""[{"index":0.0}]""", CanonicalFormError.WrongType, CanonicalFormError.WrongType)]
    [InlineData("""[{"index":-0}]""", CanonicalFormError.WrongType, CanonicalFormError.WrongType)]
    public void Elements_stand_in_the_order_of_their_indexes(string list, Enum? inAnswer, Enum? inEvent)
    {
        Assert.Equal((CanonicalFormError?)inAnswer, Error(AnswerDelivery.Json, $$"""{"choices":{{list}}}"""));
        Assert.Equal((CanonicalFormError?)inEvent, Error(AnswerDelivery.Sse, $$"""{"choices":{{list}}}"""));
        Assert.Equal(
            (CanonicalFormError?)inEvent,
            Error(AnswerDelivery.Sse, $$$"""{"choices":[{"index":5,"delta":{"tool_calls":{{{list}}}}}]}""")
        );
    }

    /// <summary>All choices of a stream have an index or none has one, and so it is with its tool calls.</summary>
    [Theory]
    [InlineData("""{"choices":[{"index":0}]}""", """{"choices":[{}]}""")]
    [InlineData("""{"choices":[{}]}""", """{"choices":[{"index":0}]}""")]
    [InlineData(
        """{"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}""",
        """{"choices":[{"delta":{"tool_calls":[{}]}}]}"""
    )]
    [InlineData(
        """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}""",
        """{"choices":[{"index":1,"delta":{"tool_calls":[{}]}}]}"""
    )]
    public void Events_have_an_index_or_none(string first, string second)
    {
        Assert.Equal(CanonicalFormError.Contradiction, Error(AnswerDelivery.Sse, first, second));
        Assert.Null(Error(AnswerDelivery.Sse, first, """{"choices":[]}""", first));
        Assert.Null(Error(AnswerDelivery.Sse, second, """{"choices":null}""", second));
    }

    /// <summary>What is said once of a choice, or of all of the answer, is not said in another way.</summary>
    [Theory]
    [InlineData("""{"choices":[{"index":0,"delta":{"role":@}}]}""")]
    [InlineData("""{"choices":[{"index":0,"finish_reason":@}]}""")]
    [InlineData("""{"model":@}""")]
    public void There_is_no_second_role_end_or_model(string json)
    {
        string Say(string value) => json.Replace("@", value, StringComparison.Ordinal);
        Assert.Null(Error(AnswerDelivery.Sse, Say("\"\""), Say("\"a\""), Say("null"), Say("\"\""), Say("\"\\u0061\"")));
        foreach (string other in (string[])["\"b\"", "\"a \"", "\"A\"", "\"\\u0061\\u0061\""])
            Assert.Equal(CanonicalFormError.Contradiction, Error(AnswerDelivery.Sse, Say("\"a\""), Say(other)));
        if (!json.Contains("index", StringComparison.Ordinal))
            return;
        string ofAnother = Say("\"b\"").Replace("\"index\":0", "\"index\":1", StringComparison.Ordinal);
        Assert.Null(Error(AnswerDelivery.Sse, Say("\"a\""), ofAnother));
        Assert.Equal(
            CanonicalFormError.Contradiction,
            Error(AnswerDelivery.Sse, Say("\"\\ud83d\""), Say("\"\\ude00\""))
        );
    }

    /// <summary>Some clients stop reading a choice at its finish reason.</summary>
    [Theory]
    [InlineData("""{"text":"a"}""", false)]
    [InlineData("""{"delta":{"content":"a"}}""", false)]
    [InlineData("""{"delta":{"reasoning":"a"}}""", false)]
    [InlineData("""{"delta":{"reasoning_content":"a","reasoning":"a"}}""", false)]
    [InlineData("""{"delta":{"refusal":"a"}}""", false)]
    [InlineData("""{"delta":{"function_call":{"name":"a"}}}""", false)]
    [InlineData("""{"delta":{"function_call":{"arguments":"a"}}}""", false)]
    [InlineData("""{"delta":{"tool_calls":[{"function":{"arguments":"a"}}]}}""", false)]
    [InlineData("""{"delta":{"tool_calls":[{"type":"custom"}]}}""", false)]
    [InlineData("""{"delta":{"tool_calls":[{}]}}""", false)]
    [InlineData("""{"delta":{"role":"tool"}}""", false)]
    [InlineData(
        """{"delta":{"role":"assistant","content":"","tool_calls":[],"function_call":{"name":""}},"text":""}""",
        true
    )]
    [InlineData("""{"delta":{"content":null,"reasoning":"","refusal":null},"finish_reason":"stop"}""", true)]
    [InlineData(
        """{"delta":{},"finish_reason":"","annotations":[1],"token_ids":[1],"logprobs":{"tokens":["a"]}}""",
        true
    )]
    public void No_text_follows_the_end_of_a_choice(string choice, bool isFine)
    {
        string Say(string one, int index) => $$"""{"choices":[{"index":{{index}},{{one[1..]}}]}""";
        const string End = """{"finish_reason":"stop"}""",
            Nothing = """{"finish_reason":""}""";
        CanonicalFormError? expected = isFine ? null : CanonicalFormError.Contradiction;
        Assert.Equal(expected, Error(AnswerDelivery.Sse, Say(End, 0), Say(choice, 0)));
        Assert.Equal(expected, Error(AnswerDelivery.Sse, Say(End, 0), Say(Nothing, 0), Say(choice, 0)));
        Assert.Null(Error(AnswerDelivery.Sse, Say(Nothing, 0), Say(choice, 0)));
        Assert.Null(Error(AnswerDelivery.Sse, Say(End, 0), Say(choice, 1)));
        // In the event of the end it may stand anywhere.
        if (!choice.Contains("finish_reason", StringComparison.Ordinal))
        {
            Assert.Null(Error(AnswerDelivery.Sse, Say($"{End[..^1]},{choice[1..]}", 0)));
            Assert.Null(Error(AnswerDelivery.Sse, Say($"{choice[..^1]},{End[1..]}", 0)));
        }
    }

    /// <summary>An answer is an error or it is one; some clients look for one of them first.</summary>
    [Theory]
    [InlineData("""{"error":{"message":"m"},"choices":[{}]}""", false)]
    [InlineData("""{"choices":[{"text":"a"}],"error":""}""", false)]
    [InlineData("""{"choices":[{}],"object":"error"}""", false)]
    [InlineData("""{"choices":[{}],"object":"\u0065rror"}""", false)]
    [InlineData("""{"choices":[],"error":false}""", true)]
    [InlineData("""{"choices":null,"object":"error","error":"x"}""", true)]
    [InlineData("""{"choices":[{}],"error":null,"object":"chat.completion"}""", true)]
    public void No_error_stands_beside_choices(string json, bool isFine)
    {
        CanonicalFormError? expected = isFine ? null : CanonicalFormError.Contradiction;
        Assert.Equal(expected, Error(AnswerDelivery.Json, json));
        Assert.Equal(expected, Error(AnswerDelivery.Sse, json));
        // In different events they may be there: the stream is not finished then.
        Assert.Null(Error(AnswerDelivery.Sse, """{"choices":[{}]}""", """{"error":"x"}"""));
    }

    /// <summary>A function has nothing that could be meant for the call and is not bound.</summary>
    [Theory]
    [InlineData("\"parsed_arguments\":{\"a\":1}", true)]
    [InlineData("\"strict\":null", true)]
    [InlineData("\"strict\":false", false)]
    [InlineData("\"description\":\"\"", false)]
    [InlineData("\"x\":[]", false)]
    public void A_function_has_only_known_members(string member, bool isFine)
    {
        CanonicalFormError? expected = isFine ? null : CanonicalFormError.WrongType;
        foreach (
            string call in (string[])
                [
                    "\"function_call\":{\"name\":\"f\",@}",
                    "\"tool_calls\":[{\"function\":{@}}]",
                    "\"tool_calls\":[{\"custom\":{@}}]",
                ]
        )
        {
            string message = call.Replace("@", member, StringComparison.Ordinal);
            Assert.Equal(expected, Error(AnswerDelivery.Json, $$$"""{"choices":[{"message":{{{{message}}}}}]}"""));
            Assert.Equal(expected, Error(AnswerDelivery.Sse, $$$"""{"choices":[{"delta":{{{{message}}}}}]}"""));
        }
        // What one form reads of a call is another member in the other.
        Assert.Equal(
            CanonicalFormError.WrongType,
            Error(AnswerDelivery.Sse, """{"choices":[{"delta":{"tool_calls":[{"custom":{"arguments":"a"}}]}}]}""")
        );
        Assert.Equal(
            CanonicalFormError.WrongType,
            Error(AnswerDelivery.Sse, """{"choices":[{"delta":{"function_call":{"input":"a"}}}]}""")
        );
    }

    [Theory]
    [InlineData("""{"object":"error","message":"m","code":400}""", true)]
    [InlineData("""{"choices":[],"object":"\u0065rror"}""", true)]
    [InlineData("""{"object":"errors"}""", false)]
    [InlineData("""{"object":"chat.completion","error":null}""", false)]
    [InlineData("""{"object":["error"]}""", false)]
    [InlineData("""{"x":{"object":"error"}}""", false)]
    public void An_error_can_be_the_answer_itself(string json, bool isError)
    {
        var completeness = new AnswerCompleteness();
        var reader = new AnswerReader(AnswerDelivery.Sse);
        completeness.Append(reader.Read("""{"choices":[{"finish_reason":"stop"}]}"""u8));
        completeness.Append(reader.Read(Encoding.UTF8.GetBytes(json)));
        Assert.Equal(isError ? "it reports an error" : null, completeness.Missing);
    }

    [Fact]
    public void The_type_of_an_answer_counts_once() =>
        Assert.Equal(
            CanonicalFormError.DuplicateName,
            Error(AnswerDelivery.Json, """{"object":"error","object":"chat.completion"}""")
        );

    [Fact]
    public void The_next_answer_has_its_own_tool_calls()
    {
        const string Named = """{"choices":[{"delta":{"tool_calls":[{"function":{"name":"f"}}]}}]}""";
        Assert.Null(Error(AnswerDelivery.Sse, Named));
        Assert.Null(Error(AnswerDelivery.Sse, Named));
    }

    /// <summary>
    /// Why an answer, or the first event of them that has none, has no canonical form; null if all have one.
    /// </summary>
    private static CanonicalFormError? Error(AnswerDelivery delivery, params IEnumerable<string> parts)
    {
        var reader = new AnswerReader(delivery, logprobs: true);
        foreach (string part in parts)
        {
            if (reader.Read(Encoding.UTF8.GetBytes(part)).Defect is { } defect)
                return defect.Error;
        }
        return null;
    }
}
