using System.Text;
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
             "function_call":{"arguments":"x","name":"n"},"refusal":"r","reasoning":"t","content":"c"},"text":"t"}]}
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
                "0 tool.0.name",
                "0 tool.0.input",
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
        Assert.Equal("dis-out/1\nchoices 0\n", Outputs.OfAnswer("{}").Manifest);
        Assert.Equal("dis-out/1\nchoices 0\n", Outputs.OfAnswer("""{"choices":null}""").Manifest);
        Assert.Equal("dis-out/1\nchoices 0\n", Outputs.OfEvents([]).Manifest);
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
        OutputDigest output = Outputs.OfAnswer("""{"choices":[{"text":"b","index":1},{"text":"a","index":0}]}""");
        Assert.Equal(Outputs.LineOf("1 text", "b"), output.Line("1 text"));
        Assert.Equal(
            output.Digest,
            Outputs.OfAnswer("""{"choices":[{"text":"a"},{"index":null,"text":"b"}]}""").Digest
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

    [Fact]
    public void A_fragment_of_another_type_is_its_canonical_JSON()
    {
        OutputDigest output = Outputs.OfAnswer(
            """
            {"choices":[{"message":{"content":[ {"type" : "text", "text":"\u00e9\/"} ],"tool_calls":[{"function":{"name":"f","arguments":{ "b":1.0, "a":[true,null] }}}]}}]}
            """
        );
        Assert.Equal(Outputs.LineOf("0 content", """[{"type":"text","text":"é/"}]"""), output.Line("0 content"));
        Assert.Equal(
            Outputs.LineOf("0 tool.0.arguments", """{"b":1.0,"a":[true,null]}"""),
            output.Line("0 tool.0.arguments")
        );
    }

    [Fact]
    public void Tool_calls_go_by_index_in_events_and_by_position_in_an_answer()
    {
        OutputDigest events = Outputs.OfEvents([
            """{"choices":[{"delta":{"tool_calls":[{"function":{"name":"b"},"index":7},"""
                + """{"index":3,"function":{"name":"a"}}]}}]}""",
            """{"choices":[{"delta":{"tool_calls":[{"index":3,"function":{"arguments":"1"}}]}}]}""",
            """{"choices":[{"delta":{"tool_calls":[{"index":7,"function":{"arguments":"2"}}]}}]}""",
        ]);
        OutputDigest answer = Outputs.OfAnswer(
            """{"choices":[{"message":{"tool_calls":[{"index":9,"function":{"name":"a","arguments":"1"}},"""
                + """{"index":1,"function":{"name":"b","arguments":"2"}}]}}]}"""
        );
        Assert.Equal(answer.Manifest, events.Manifest);
        Assert.Equal(Outputs.LineOf("0 tool.0.name", "a"), answer.Line("0 tool.0.name"));
    }

    [Fact]
    public void The_last_finish_reason_counts()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[{"text":"a","finish_reason":"length"}]}""",
            """{"choices":[{"text":"","finish_reason":"stop"}]}""",
            """{"choices":[{"text":"","finish_reason":null}]}""",
        ]);
        Assert.Equal(Outputs.LineOf("0 finish", "stop"), output.Line("0 finish"));
    }

    [Theory]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"stop"}]}""", true)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"length"}]}""", true)]
    [InlineData("""{"choices":[{"text":"a"}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":null}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":""}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"abort"}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"error"}]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"stop"},{"text":"b"}]}""", false)]
    [InlineData("""{"choices":[{"index":0,"finish_reason":"stop"},{"index":2,"finish_reason":"stop"}]}""", false)]
    [InlineData("""{"choices":[]}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"stop"}],"error":{"message":"x"}}""", false)]
    [InlineData("""{"choices":[{"text":"a","finish_reason":"stop"}],"error":null}""", true)]
    public void Finished_needs_a_finish_reason_for_every_choice(string answer, bool finished)
    {
        Assert.Equal(finished, Outputs.OfAnswer(answer).Finished);
        Assert.Equal(finished, Outputs.OfEvents([answer]).Finished);
    }

    [Theory]
    [InlineData("""[]""", CanonicalFormError.NotAnObject, "")]
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
    public void What_has_no_canonical_form_is_refused_naming_the_place(
        string answer,
        CanonicalFormError error,
        string place
    )
    {
        var refusal = Assert.Throws<CanonicalFormException>(() => Outputs.OfAnswer(answer, logprobs: true));
        Assert.Equal((error, place), (refusal.Error, refusal.Place));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        using var hasher = new OutputHasher();
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
        using var hasher = new OutputHasher();
        hasher.AppendEvent("""{"choices":[{"text":"a"}]}"""u8);
        Assert.Throws<CanonicalFormException>(() => hasher.AppendEvent("{"u8));
        Assert.Throws<InvalidOperationException>(() => hasher.AppendEvent("{}"u8));
        Assert.Throws<InvalidOperationException>(() => hasher.Finish());
    }

    [Fact]
    public void An_answer_is_whole()
    {
        using var answered = new OutputHasher();
        answered.AppendAnswer("{}"u8);
        Assert.Throws<InvalidOperationException>(() => answered.AppendAnswer("{}"u8));
        Assert.Throws<InvalidOperationException>(() => answered.AppendEvent("{}"u8));

        using var streamed = new OutputHasher();
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
                + "\"}},{\"index\":1,\"delta\":{\"content\":\"\uFFFD\"}}]}"
        );
        using var hasher = new OutputHasher();
        for (int i = 0; i < 100; i++)
            hasher.AppendEvent(data);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            hasher.AppendEvent(data);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        // 10,100 times 900 letters and U+FFFD, except the trailing one.
        Assert.StartsWith(
            $"0 content {10_100 * 903 - 3} ",
            hasher.Finish().Line("0 content"),
            StringComparison.Ordinal
        );
    }
}
