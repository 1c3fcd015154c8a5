using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Output;

public class OutputRuleTests
{
    [Fact]
    public void Lines_stand_in_the_order_of_the_form()
    {
        OutputDigest output = Outputs.OfAnswer(
            """
            {"choices":[{"finish_reason":"stop","message":{"tool_calls":[{"custom":{"input":"i","name":"c"}},{"function":{"arguments":"a","name":"f"}}],
             "function_call":{"arguments":"x","name":"n"},"refusal":"r","role":"tool","reasoning":"t","content":"c"},"text":"t"}]}
            """
        );
        Assert.Equal(
            [
                "0 text",
                "0 content",
                "0 reasoning",
                "0 refusal",
                "0 call.name",
                "0 call.arguments",
                "0 role",
                "0 tool.0.type",
                "0 tool.0.name",
                "0 tool.0.input",
                "0 tool.1.type",
                "0 tool.1.name",
                "0 tool.1.arguments",
                "0 finish",
            ],
            output.Manifest.TrimEnd('\n').Split('\n')[2..].Select(line => string.Join(' ', line.Split(' ')[..2]))
        );
    }

    [Fact]
    public void Nothing_but_the_two_first_lines_for_no_choices()
    {
        Assert.Equal("dis-out/2\nchoices 0\n", Outputs.OfAnswer("{}").Manifest);
        Assert.Equal("dis-out/2\nchoices 0\n", Outputs.OfAnswer("""{"choices":null}""").Manifest);
        Assert.Equal("dis-out/2\nchoices 0\n", Outputs.OfEvents([]).Manifest);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("null")]
    public void Empty_and_null_are_the_same_as_absent(string value) =>
        Assert.Equal(
            Outputs.OfAnswer("""{"choices":[{"message":{},"finish_reason":"stop"}]}""").Digest,
            Outputs
                .OfAnswer(
                    $$$"""{"choices":[{"message":{"content":{{{value}}},"refusal":{{{value}}},"reasoning":"""
                        + $$$"""{{{value}}},"tool_calls":null,"function_call":null},"text":"""
                        + $$$"""{{{value}}},"finish_reason":"stop"}]}"""
                )
                .Digest
        );

    [Fact]
    public void The_index_counts_wherever_it_stands_and_else_the_position()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[{"text":"b","index":1}]}""",
            """{"choices":[{"text":"a","index":0}]}""",
        ]);
        Assert.Equal(Outputs.LineOf("1 text", "b"), output.Line("1 text"));
        const string Positions = """{"choices":[{"text":"a"},{"index":null,"text":"b"}]}""";
        Assert.Equal(output.Digest, Outputs.OfEvents([Positions]).Digest);
        Assert.Equal(
            output.Digest,
            Outputs.OfAnswer("""{"choices":[{"index":0,"text":"a"},{"text":"b","index":1}]}""").Digest
        );
        // Of an answer with several choices each has one.
        Assert.Equal(
            CanonicalFormError.DuplicateIndex,
            Assert.Throws<CanonicalFormException>(() => Outputs.OfAnswer(Positions)).Error
        );
        Assert.Equal(
            Outputs.OfAnswer("""{"choices":[{"text":"a"}]}""").Digest,
            Outputs.OfAnswer("""{"choices":[{"text":"a","index":0}]}""").Digest
        );
    }

    [Theory]
    [InlineData("""{"reasoning_content":"a","reasoning":"\u0061"}""", "a")]
    [InlineData("""{"reasoning":"a","reasoning_content":"a"}""", "a")]
    [InlineData("""{"reasoning":"b","reasoning_content":null}""", "b")]
    [InlineData("""{"reasoning":"b"}""", "b")]
    [InlineData("""{"reasoning":"","reasoning_content":""}""", null)]
    public void Reasoning_counts_once_under_its_two_names(string message, string? reasoning)
    {
        OutputDigest output = Outputs.OfAnswer($$$"""{"choices":[{"message":{{{message}}}}]}""");
        Assert.Equal(reasoning is null ? null : Outputs.LineOf("0 reasoning", reasoning), output.Line("0 reasoning"));
    }

    /// <summary>Clients show another value in another way, each in its own.</summary>
    [Theory]
    [InlineData("text")]
    [InlineData("message.content")]
    [InlineData("message.reasoning_content")]
    [InlineData("message.reasoning")]
    [InlineData("message.refusal")]
    [InlineData("message.role")]
    [InlineData("message.function_call.name")]
    [InlineData("message.function_call.arguments")]
    [InlineData("message.tool_calls[0].function.name")]
    [InlineData("message.tool_calls[0].function.arguments")]
    [InlineData("message.tool_calls[0].custom.name")]
    [InlineData("message.tool_calls[0].custom.input")]
    [InlineData("message.tool_calls[0].id")]
    [InlineData("message.tool_calls[0].type")]
    [InlineData("finish_reason")]
    public void A_text_is_a_string_or_null(string place)
    {
        string[] names = place.Replace("[0]", "", StringComparison.Ordinal).Split('.');
        foreach (string value in (string[])["7", "true", "[]", "{}", """[{"type":"text","text":"a"}]"""])
        {
            string json = value;
            foreach (string name in names.Reverse())
                json = name == "tool_calls" ? $$"""{"{{name}}":[{{json}}]}""" : $$"""{"{{name}}":{{json}}}""";
            foreach (AnswerDelivery delivery in Enum.GetValues<AnswerDelivery>())
            {
                bool isEvent = delivery == AnswerDelivery.Sse;
                string text = $$"""{"choices":[{{(isEvent ? json.Replace("message", "delta") : json)}}]}""";
                AnswerReading reading = new AnswerReader(delivery).Read(Encoding.UTF8.GetBytes(text));
                Assert.Equal(
                    (
                        CanonicalFormError.WrongType,
                        $"choices[0].{(isEvent ? place.Replace("message", "delta") : place)}"
                    ),
                    (reading.Defect!.Error, reading.Defect.Place)
                );
            }
        }
    }

    [Fact]
    public void Tool_calls_go_by_index_in_events_and_by_position_in_an_answer()
    {
        OutputDigest events = Outputs.OfEvents([
            """{"choices":[{"delta":{"tool_calls":[{"index":3,"function":{"name":"a"}},"""
                + """{"function":{"name":"b"},"index":7}]}}]}""",
            """{"choices":[{"delta":{"tool_calls":[{"index":3,"function":{"arguments":"1"}}]}}]}""",
            """{"choices":[{"delta":{"tool_calls":[{"index":7,"function":{"arguments":"2"}}]}}]}""",
        ]);
        const string Tools =
            """[{"function":{"name":"a","arguments":"1"}},{"function":{"name":"b","arguments":"2"}}]""";
        string answer = $$$"""{"choices":[{"message":{"tool_calls":{{{Tools}}}}}]}""";
        OutputDigest whole = Outputs.OfAnswer(answer);
        Assert.Equal(Outputs.LineOf("0 tool.0.name", "a"), whole.Line("0 tool.0.name"));
        Assert.Equal(Outputs.LineOf("0 tool.1.arguments", "2"), whole.Line("0 tool.1.arguments"));
        Assert.Equal(
            whole.Manifest,
            Outputs.OfEvents([answer.Replace("message", "delta", StringComparison.Ordinal)]).Manifest
        );
        // Nothing is counted anew: calls that are missing are seen.
        Assert.Equal(
            whole
                .Manifest.Replace("tool.0", "tool.3", StringComparison.Ordinal)
                .Replace("tool.1", "tool.7", StringComparison.Ordinal),
            events.Manifest
        );
        // In an answer an index says nothing.
        OutputDigest indexed = Outputs.OfAnswer(
            answer.Replace("[{\"function", "[{\"index\":5,\"function", StringComparison.Ordinal)
        );
        Assert.Equal(whole, indexed);
    }

    /// <summary>A call is there, also where nothing of it is but its kind.</summary>
    [Theory]
    [InlineData("""{"type":"function"}""", "function")]
    [InlineData("""{"function":{}}""", "function")]
    [InlineData("""{"type":"","function":{"name":null},"custom":null}""", "function")]
    [InlineData("""{"type":"\u0063ustom"}""", "custom")]
    [InlineData("""{"type":null,"custom":{"name":""}}""", "custom")]
    [InlineData("""{}""", "")]
    [InlineData("""{"id":"x","type":""}""", "")]
    public void A_tool_call_has_a_kind(string tool, string kind)
    {
        OutputDigest events = Outputs.OfEvents([$$$"""{"choices":[{"delta":{"tool_calls":[{{{tool}}}]}}]}"""]);
        Assert.Equal(Outputs.LineOf("0 tool.0.type", kind), events.Line("0 tool.0.type"));
        string answer = $$$"""{"choices":[{"message":{"tool_calls":[{{{tool}}}]}}]}""";
        if (kind.Length > 0)
        {
            Assert.Equal(events.Digest, Outputs.OfAnswer(answer).Digest);
            return;
        }
        var refusal = Assert.Throws<CanonicalFormException>(() => Outputs.OfAnswer(answer));
        Assert.Equal(CanonicalFormError.WrongType, refusal.Error);
    }

    [Fact]
    public void The_kind_of_a_tool_call_may_come_later()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c"}]}}]}""",
            """{"choices":[{"delta":{"tool_calls":[{"index":1,"type":"custom"}]}}]}""",
            """{"choices":[{"delta":{"tool_calls":[{"index":1,"custom":{"input":"i"}}]}}]}""",
        ]);
        Assert.Equal(Outputs.LineOf("0 tool.1.type", "custom"), output.Line("0 tool.1.type"));
    }

    [Theory]
    [InlineData("\"assistant\"", null)]
    [InlineData("\"\\u0061ssistant\"", null)]
    [InlineData("\"\"", null)]
    [InlineData("null", null)]
    [InlineData("\"user\"", "user")]
    [InlineData("\"Assistant\"", "Assistant")]
    public void A_role_is_bound_unless_it_is_the_usual_one(string role, string? bound)
    {
        string? expected = bound is null ? null : Outputs.LineOf("0 role", bound);
        string delta = $$$"""{"choices":[{"delta":{"role":{{{role}}}}}]}""";
        Assert.Equal(
            expected,
            Outputs.OfAnswer(delta.Replace("delta", "message", StringComparison.Ordinal)).Line("0 role")
        );
        Assert.Equal(expected, Outputs.OfEvents([delta, delta]).Line("0 role"));
    }

    /// <summary>The same reason again is none, and the last one counts, also an empty one.</summary>
    [Theory]
    [InlineData("stop", "stop", "null", "\"stop\"")]
    [InlineData("stop", "stop", "\"st\\u006fp\"", "null")]
    [InlineData(null, "", "\"stop\"", "\"\"")]
    [InlineData("stop", "stop", "\"\"", "\"stop\"")]
    public void The_last_finish_reason_counts(string? finished, string bound, params string[] reasons)
    {
        OutputDigest output = Outputs.OfEvents(
            reasons.Select(reason => $$"""{"choices":[{"text":"","finish_reason":{{reason}}}]}""")
        );
        Assert.Equal(finished is not null, output.Finished);
        Assert.Equal(bound.Length == 0 ? null : Outputs.LineOf("0 finish", bound), output.Line("0 finish"));
    }

    [Theory]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"stop"}]}""", true)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"length"}]}""", true)]
    [InlineData("""{"choices":[{"text":"a"}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":null}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":""}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"abort"}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"error"}]}""", false)]
    [InlineData("""{"choices":[{"index":0,"text":"a","finish_reason":"stop"},{"index":1,"text":"b"}]}""", false)]
    [InlineData("""{"choices":[]}""", false)]
    [InlineData("""{"choices":[],"error":{"message":"x"}}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"stop"}],"error":null}""", true)]
    public void Finished_needs_a_finish_reason_for_every_choice(string answer, bool finished)
    {
        Assert.Equal(finished, Outputs.OfAnswer(answer).Finished);
        Assert.Equal(finished, Outputs.OfEvents([answer]).Finished);
    }

    [Fact]
    public void A_stream_in_which_a_choice_is_missing_or_an_error_came_is_not_finished()
    {
        const string First = """{"choices":[{"index":0,"finish_reason":"stop"}]}""",
            Third = """{"choices":[{"index":2,"finish_reason":"stop"}]}""";
        Assert.True(Outputs.OfEvents([First]).Finished);
        Assert.False(Outputs.OfEvents([First, Third]).Finished);
        Assert.False(Outputs.OfEvents([First, """{"error":"x"}"""]).Finished);
        Assert.False(Outputs.OfEvents([First, """{"choices":[],"object":"error"}"""]).Finished);
    }

    [Theory]
    [InlineData("""[]""", CanonicalFormError.NotAnObject, "")]
    [InlineData("""{"choices":[{"index":1}]}""", CanonicalFormError.DuplicateIndex, "choices[0]")]
    [InlineData("""{"choices":[{},{}]}""", CanonicalFormError.DuplicateIndex, "choices[1]")]
    [InlineData("""{"choices":[{"index":0},{}]}""", CanonicalFormError.DuplicateIndex, "choices[1]")]
    [InlineData("""{"choices":[{},{"index":0}]}""", CanonicalFormError.DuplicateIndex, "choices[1]")]
    [InlineData("""{"choices":[{"index":0},{"index":2}]}""", CanonicalFormError.DuplicateIndex, "choices[1]")]
    [InlineData("""{"choices":[{"index":1},{"index":0}]}""", CanonicalFormError.DuplicateIndex, "choices[0]")]
    [InlineData(
        """{"choices":[{"message":{"tool_calls":[{"function":{}},{"id":"x"}]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].message.tool_calls[1]"
    )]
    [InlineData(
        """{"choices":[{"message":{"tool_calls":[{"type":"retrieval","function":{}}]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].message.tool_calls[0].type"
    )]
    [InlineData(
        """{"choices":[{"message":{"function_call":{"name":"f","strict":true}}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].message.function_call.strict"
    )]
    [InlineData(
        """{"choices":[{"message":{"function_call":{}}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].message.function_call"
    )]
    [InlineData("""{"model":7}""", CanonicalFormError.WrongType, "model")]
    [InlineData("""{"model":["m"]}""", CanonicalFormError.WrongType, "model")]
    [InlineData("""{"model":"a\ud83d"}""", CanonicalFormError.WrongType, "model")]
    [InlineData("""{"usage":"none"}""", CanonicalFormError.WrongType, "usage")]
    [InlineData("""{"usage":[]}""", CanonicalFormError.WrongType, "usage")]
    [InlineData("""{"sglext":[[1]]}""", CanonicalFormError.WrongType, "sglext")]
    [InlineData("""{"sglext":false}""", CanonicalFormError.WrongType, "sglext")]
    [InlineData("""{"usage":{"total_tokens":-1}}""", CanonicalFormError.WrongType, "usage.total_tokens")]
    [InlineData("""{"choices":[{}],"error":{}}""", CanonicalFormError.Contradiction, "")]
    [InlineData("""{"object":"error","choices":[{}]}""", CanonicalFormError.Contradiction, "")]
    [InlineData("""{"choices":1}""", CanonicalFormError.WrongType, "choices")]
    [InlineData("""{"choices":[null]}""", CanonicalFormError.WrongType, "choices[0]")]
    [InlineData("""{"choices":[{"index":"0"}]}""", CanonicalFormError.WrongType, "choices[0].index")]
    [InlineData("""{"choices":[{"index":-1}]}""", CanonicalFormError.WrongType, "choices[0].index")]
    [InlineData("""{"choices":[{"index":1.5}]}""", CanonicalFormError.WrongType, "choices[0].index")]
    [InlineData("""{"choices":[{"message":"x"}]}""", CanonicalFormError.WrongType, "choices[0].message")]
    [InlineData(
        """{"choices":[{"message":{"tool_calls":{}}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].message.tool_calls"
    )]
    [InlineData(
        """{"choices":[{"message":{"tool_calls":[1]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].message.tool_calls[0]"
    )]
    [InlineData(
        """{"choices":[{"message":{"tool_calls":[{"function":"f"}]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].message.tool_calls[0].function"
    )]
    [InlineData(
        """{"choices":[{"message":{"function_call":[]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].message.function_call"
    )]
    [InlineData("""{"choices":[],"choices":[]}""", CanonicalFormError.DuplicateName, "choices")]
    [InlineData("""{"choices":[{"index":0,"index":0}]}""", CanonicalFormError.DuplicateName, "choices[0].index")]
    [InlineData("""{"choices":[{"text":"a","te\u0078t":"b"}]}""", CanonicalFormError.DuplicateName, "choices[0].text")]
    [InlineData(
        """{"choices":[{},{"message":{"content":"a","content":"b"}}]}""",
        CanonicalFormError.DuplicateName,
        "choices[1].message.content"
    )]
    [InlineData(
        """{"choices":[{"message":{"reasoning_content":"a","reasoning":"b"}}]}""",
        CanonicalFormError.Contradiction,
        "choices[0].message.reasoning"
    )]
    [InlineData(
        """{"choices":[{"message":{"reasoning":"b","reasoning_content":""}}]}""",
        CanonicalFormError.Contradiction,
        "choices[0].message.reasoning"
    )]
    [InlineData(
        """{"choices":[{"message":{"content":"a","Content":"b"}}]}""",
        CanonicalFormError.MistakableName,
        "choices[0].message.Content"
    )]
    [InlineData("""{"choices":[{"logprobs":[]}]}""", CanonicalFormError.WrongType, "choices[0].logprobs")]
    [InlineData(
        """{"choices":[{"logprobs":{"content":1}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].logprobs.content"
    )]
    [InlineData(
        """{"choices":[{"logprobs":{"content":[{"logprob":1}]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].logprobs.content[0]"
    )]
    [InlineData(
        """{"choices":[{"logprobs":{"content":[{"token":"a","logprob":"1"}]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].logprobs.content[0].logprob"
    )]
    [InlineData(
        """{"choices":[{"logprobs":{"tokens":["a","b"],"token_logprobs":[1]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].logprobs.token_logprobs"
    )]
    [InlineData(
        """{"choices":[{"logprobs":{"tokens":["a"],"token_logprobs":[1,2]}}]}""",
        CanonicalFormError.WrongType,
        "choices[0].logprobs.token_logprobs"
    )]
    [InlineData(
        """{"choices":[{"logprobs":{"content":null,"content":[]}}]}""",
        CanonicalFormError.DuplicateName,
        "choices[0].logprobs.content"
    )]
    [InlineData(
        """{"choices":[{"logprobs":{"content":[{"token":"a","token":"b"}]}}]}""",
        CanonicalFormError.DuplicateName,
        "choices[0].logprobs.content[0].token"
    )]
    [InlineData("""{"choices":[{"text":"a}]}""", CanonicalFormError.InvalidJson, "choices[0].text")]
    [InlineData("""{"choices":[]} {}""", CanonicalFormError.InvalidJson, "")]
    [InlineData("[DONE]", CanonicalFormError.InvalidJson, "")]
    [InlineData("", CanonicalFormError.InvalidJson, "")]
    public void What_has_no_canonical_form_is_refused_naming_the_place(string answer, Enum error, string place)
    {
        var refusal = Assert.Throws<CanonicalFormException>(() => Outputs.OfAnswer(answer, logprobs: true));
        Assert.Equal(((CanonicalFormError)error, place), (refusal.Error, refusal.Place));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        using var hasher = new HashedAnswer();
        var refusal = Assert.Throws<CanonicalFormException>(() =>
            hasher.AppendEvent([.. "{\"choices\":[{\"text\":\""u8, 0xFF, .. "\"}]}"u8])
        );
        Assert.Equal((CanonicalFormError.InvalidUtf8, "choices[0].text"), (refusal.Error, refusal.Place));
    }

    [Fact]
    public void Too_many_levels_are_refused()
    {
        string nested = new('[', 200);
        var refusal = Assert.Throws<CanonicalFormException>(() =>
            Outputs.OfAnswer("{\"x\":" + nested + new string(']', 200) + "}")
        );
        Assert.Equal(CanonicalFormError.TooDeep, refusal.Error);
    }

    [Fact]
    public void After_a_part_without_a_form_there_is_no_output()
    {
        using var hasher = new HashedAnswer();
        hasher.AppendEvent("""{"choices":[{"text":"a"}]}"""u8);
        Assert.Throws<CanonicalFormException>(() => hasher.AppendEvent("""{"choices":[{"text":1}]}"""u8));
        Assert.Throws<InvalidOperationException>(() => hasher.AppendEvent("{}"u8));
        Assert.Throws<InvalidOperationException>(() => hasher.Finish());
    }

    [Fact]
    public void An_answer_is_whole()
    {
        using var answered = new HashedAnswer();
        answered.AppendAnswer("{}"u8);
        Assert.Throws<InvalidOperationException>(() => answered.AppendAnswer("{}"u8));
        Assert.Throws<InvalidOperationException>(() => answered.AppendEvent("{}"u8));

        using var streamed = new HashedAnswer();
        streamed.AppendEvent("{}"u8);
        Assert.Throws<InvalidOperationException>(() => streamed.AppendAnswer("{}"u8));
        Assert.Equal(streamed.Finish(), streamed.Finish());
        Assert.Throws<InvalidOperationException>(() => streamed.AppendEvent("{}"u8));
    }

    [Fact]
    public void Memory_does_not_grow_with_the_text()
    {
        string content = new string('x', 900) + "\\ud83d";
        byte[] data = Encoding.UTF8.GetBytes(
            "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\""
                + content
                + "\"}},{\"index\":1,\"delta\":{\"content\":\"\uFFFD\",\"role\":\"assistant\"}}],\"model\":\"m\"}"
        );
        using var hasher = new HashedAnswer();
        for (int i = 0; i < 100; i++)
            hasher.AppendEvent(data);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            hasher.AppendEvent(data);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        // 10,100 times 900 letters and half of a pair.
        Assert.StartsWith($"0 content {10_100 * 903} ", hasher.Finish().Line("0 content"), StringComparison.Ordinal);
    }
}
