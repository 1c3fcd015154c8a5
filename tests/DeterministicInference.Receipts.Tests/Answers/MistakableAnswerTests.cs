using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>What clients read in another way than the form, or each in its own, has no canonical form.</summary>
public sealed class MistakableAnswerTests
{
    /// <summary>An object and the names that are read in it; <c>@</c> is where a member is put.</summary>
    public static TheoryData<string, AnswerDelivery, string> Objects { get; } =
        new()
        {
            {
                """{@"x":1}""",
                AnswerDelivery.Json,
                "choices error object usage prompt_token_ids sglext id created timings environment determinism"
            },
            { """{"usage":{@"x":1}}""", AnswerDelivery.Sse, "prompt_tokens completion_tokens" },
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
            { """{"choices":[{"message":{"tool_calls":[{@"x":1}]}}]}""", AnswerDelivery.Json, "id function custom" },
            { """{"choices":[{"delta":{"tool_calls":[{@"x":1}]}}]}""", AnswerDelivery.Sse, "index" },
            { """{"choices":[{"message":{"function_call":{@"x":1}}}]}""", AnswerDelivery.Json, "name arguments" },
            {
                """{"choices":[{"delta":{"tool_calls":[{"function":{@"x":1}}]}}]}""",
                AnswerDelivery.Sse,
                "name arguments"
            },
            { """{"choices":[{"delta":{"tool_calls":[{"custom":{@"x":1}}]}}]}""", AnswerDelivery.Sse, "name input" },
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
    public void No_name_differs_from_one_that_is_read_only_in_case(string json, AnswerDelivery delivery, string names)
    {
        string Put(string name) => json.Replace("@", $"\"{name}\":null,", StringComparison.Ordinal);
        foreach (string name in names.Split(' '))
        {
            foreach (string variant in Variants(name))
                Assert.Equal((variant, CanonicalFormError.MistakableName), (variant, Error(delivery, Put(variant))));
            // A letter more, and a letter that only looks like one, are other names.
            foreach (string other in (string[])[name.ToUpperInvariant() + "X", "é" + name, name + "Ｓ"])
                Assert.Equal((other, null), (other, Error(delivery, Put(other))));
        }
        Assert.Equal(CanonicalFormError.MistakableName, Error(delivery, Put("__proto__")));
        Assert.Equal(CanonicalFormError.MistakableName, Error(delivery, Put("\\u005F_proto__")));
        Assert.Null(Error(delivery, Put("__PROTO__")));
        Assert.Null(Error(delivery, Put("__proto_")));
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
        Assert.Null(Error(AnswerDelivery.Sse, """{"choices":[{"Message":1,"delta":{"content":[{"Content":1}]}}]}"""));
        Assert.Null(Error(AnswerDelivery.Json, """{"choices":[{"Delta":1,"message":{"tool_calls":[{"Index":1}]}}]}"""));
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

    [Theory]
    [InlineData("stop", true)]
    [InlineData("\\u0073t😀p", true)]
    [InlineData("\\ud83d\\ude00", true)]
    [InlineData("abort\uFFFD", false)]
    [InlineData("abort\\ufffd", false)]
    [InlineData("\\uFFFDstop", false)]
    [InlineData("abort\\ud83d", false)]
    [InlineData("st\\ude00op", false)]
    [InlineData("\\ude00\\ud83d", false)]
    public void A_finish_reason_is_bound_as_it_is(string reason, bool isBound)
    {
        string json = $$"""{"choices":[{"index":0,"finish_reason":"{{reason}}"}]}""";
        CanonicalFormError? expected = isBound ? null : CanonicalFormError.UnpairedSurrogate;
        Assert.Equal(expected, Error(AnswerDelivery.Json, json));
        Assert.Equal(expected, Error(AnswerDelivery.Sse, json));
    }

    [Theory]
    [InlineData("\"a\"", "\"\\u0061\"", true)]
    [InlineData("\"\"", "\"\"", true)]
    [InlineData("null", "\"a\"", true)]
    [InlineData("[1, {\"a\":\"\\u00e9\"}]", "[1,{\"a\":\"é\"}]", true)]
    [InlineData("\"a\"", "\"b\"", false)]
    [InlineData("\"\"", "\"a\"", false)]
    [InlineData("\"1\"", "1", false)]
    [InlineData("1", "1.0", false)]
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
        string One(string name, string text) => $$$"""{"choices":[{"delta":{"{{{name}}}":"{{{text}}}"}}]}""";
        const string Both = """{"choices":[{"delta":{"reasoning":"a","reasoning_content":"a"}}]}""";
        CanonicalFormError? expected = isFine ? null : CanonicalFormError.Contradiction;
        // What is empty says nothing, and another choice is another text.
        string otherChoice = One(second, "b").Replace("{\"delta", "{\"index\":1,\"delta", StringComparison.Ordinal);
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
    [InlineData(true, """{"function":{"name":"f"}}""", """{"index":1,"custom":{"name":"g"}}""")]
    [InlineData(true, """{"id":"c","function":{}}""", """{"index":1,"id":"d","custom":{}}""")]
    [InlineData(false, """{"function":{"name":"f"}}""", """{"function":{"name":"g"}}""")]
    [InlineData(false, """{"function":{"name":"f"}}""", """{"function":{"name":"f"}}""")]
    [InlineData(false, """{"function":{"name":"f"}}""", """{"function":{"name":7}}""")]
    [InlineData(false, """{"custom":{"name":"f"}}""", """{"custom":{"name":"g"}}""")]
    [InlineData(false, """{"id":"c"}""", """{"id":"d"}""")]
    [InlineData(false, """{"id":"\ud83d"}""", """{"id":"\ude00"}""")]
    [InlineData(false, """{"function":{}}""", """{"custom":{}}""")]
    [InlineData(false, """{"custom":{"name":"f"}}""", """{"function":{"arguments":"a"}}""")]
    public void The_pieces_of_a_tool_call_do_not_contradict_each_other(bool isFine, string first, string second)
    {
        string Delta(string tools) => $$$"""{"choices":[{"index":2,"delta":{"tool_calls":[{{{tools}}}]}}]}""";
        CanonicalFormError? expected = isFine ? null : CanonicalFormError.Contradiction;
        Assert.Equal(expected, Error(AnswerDelivery.Sse, Delta(first), Delta(second)));
        Assert.Equal(expected, Error(AnswerDelivery.Sse, Delta(first), """{"choices":[]}""", "null", Delta(second)));
        // Of another choice, or another tool call, they are no pieces of the same.
        Assert.Null(
            Error(AnswerDelivery.Sse, Delta(first), Delta(second).Replace("x\":2", "x\":1", StringComparison.Ordinal))
        );
        Assert.Null(
            Error(AnswerDelivery.Json, Delta($"{first},{second}").Replace("delta", "message", StringComparison.Ordinal))
        );
        if (!second.Contains("index", StringComparison.Ordinal))
            Assert.Equal(expected, Error(AnswerDelivery.Sse, Delta($"{first},{{\"index\":0,{second[1..]}")));
    }

    [Fact]
    public void A_call_is_a_function_or_custom_and_its_id_a_string()
    {
        foreach (AnswerDelivery delivery in Enum.GetValues<AnswerDelivery>())
        {
            string Tool(string members) =>
                $$$"""{"choices":[{"{{{(delivery == AnswerDelivery.Json ? "message" : "delta")}}}":{"tool_calls":[{{{{members}}}}]}}]}""";
            Assert.Equal(CanonicalFormError.Contradiction, Error(delivery, Tool("\"custom\":{},\"function\":{}")));
            Assert.Null(Error(delivery, Tool("\"custom\":null,\"function\":{},\"id\":null")));
            Assert.Equal(CanonicalFormError.WrongType, Error(delivery, Tool("\"id\":5")));
        }
    }

    [Fact]
    public void A_function_call_has_one_name()
    {
        static string Delta(string name) => $$$$"""{"choices":[{"delta":{"function_call":{"name":{{{{name}}}}}}}]}""";
        Assert.Null(Error(AnswerDelivery.Sse, Delta("\"f\""), Delta("null"), Delta("\"\"")));
        Assert.Equal(CanonicalFormError.Contradiction, Error(AnswerDelivery.Sse, Delta("\"f\""), Delta("\"f\"")));
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
