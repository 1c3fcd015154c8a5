using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Receipts.Verification;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Verification;

public sealed class RecordedAnswerTests
{
    private const string Answer =
        """{"choices":[{"index":0,"message":{"content":"Hello world"},"token_ids":[5,6],"finish_reason":"stop"},"""
        + """{"index":1,"message":{"content":"ok","reasoning":"hm","tool_calls":[{"function":"""
        + """{"name":"f","arguments":"{}"}}]},"token_ids":[7],"finish_reason":"stop"}],"prompt_token_ids":[1,2]}""";

    private const string Stream = """
        data: {"choices":[{"index":0,"delta":{"content":"Hello"},"token_ids":[5]}],"prompt_token_ids":[1,2]}

        data: {"choices":[{"index":1,"delta":{"reasoning":"hm"}, "token_ids":[7],"finish_reason":null}]}

        data: {"choices":[{"index":0,"delta":{"content":" world"},"token_ids":[6],"finish_reason":"stop"}]}

        data: {"choices":[{"index":1,"delta":{"content":"ok","tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}

        : dis-receipt {}
        data: [DONE]


        """;

    [Fact]
    public void JSON_and_stream_are_the_same_answer()
    {
        RecordedAnswer json = Read(Answer),
            sse = Read(Stream, AnswerDelivery.Sse);
        Assert.Equal(json.Output.Digest, sse.Output.Digest);
        Assert.Equal(json.Tokens!.Digest, sse.Tokens!.Digest);
        Assert.Equal(json.Prompt!.Digest, sse.Prompt!.Digest);
        Assert.Equal((true, true), (json.Ended, sse.Ended));
        Assert.Null(json.FirstTextDifference(sse));
        Assert.Null(json.FirstTokenDifference(sse));
        Assert.False(Read(Stream.Replace("[DONE]", "{}", StringComparison.Ordinal), AnswerDelivery.Sse).Ended);
    }

    [Theory]
    [InlineData("Hello world", "Hello, world", 0, "content", 5)]
    [InlineData("Hello world", "Hello", 0, "content", 5)]
    [InlineData("Hello world", "H\\u00ebllo", 0, "content", 1)]
    [InlineData("\"hm\"", "\"hmm\"", 1, "reasoning", 2)]
    [InlineData("\"reasoning\":\"hm\"", "\"refusal\":\"hm\"", 1, "reasoning", 0)]
    [InlineData("\"f\"", "\"g\"", 1, "tool.0.name", 0)]
    [InlineData("\"name\":\"f\",\"arguments\":\"{}\"", "\"name\":\"g\",\"arguments\":\"\"", 1, "tool.0.name", 0)]
    [InlineData("\"{}\"", "\"{} \"", 1, "tool.0.arguments", 2)]
    [InlineData("[7],\"finish_reason\":\"stop\"", "[7],\"finish_reason\":\"length\"", 1, "finish", 0)]
    public void The_first_byte_that_differs(string part, string by, int choice, string channel, long offset)
    {
        RecordedAnswer answer = Read(Answer),
            other = Read(Answer.Replace(part, by, StringComparison.Ordinal));
        Assert.Equal(new TextPlace(choice, channel, offset), answer.FirstTextDifference(other));
        Assert.Equal(new TextPlace(choice, channel, offset), other.FirstTextDifference(answer));
    }

    /// <summary>
    /// Log-probabilities that nobody asked for, other members, counts and the model are of the answer too.
    /// </summary>
    [Fact]
    public void All_of_an_answer_is_read()
    {
        const string Choice =
            """{"text":"a","logprobs":{"tokens":["a"],"token_logprobs":[-1]},"stop_reason":"x","finish_reason":"a"}""";
        RecordedAnswer answer = Read($$$"""{"model":"m","choices":[{{{Choice}}}],"usage":{"total_tokens":3}}""");
        Assert.NotNull(answer.Output.Logprobs);
        Assert.NotNull(answer.Output.Extras);
        Assert.Equal(("m", new AnswerUsage(Total: 3)), (answer.Output.Model, answer.Output.Usage));
        Assert.Equal((false, false), (answer.HasTokens, answer.HasPrompt));
        Assert.Equal((true, true), (Read(Answer).HasTokens, Read(Answer).HasPrompt));
    }

    /// <summary>Where some clients cut lines, an event has one of their line ends in its texts alone.</summary>
    [Theory]
    [InlineData("\"text\":\"@\"", true)]
    [InlineData("\"delta\":{\"content\":\"@\",\"refusal\":\"@\",\"role\":\"@\"}", true)]
    [InlineData("\"delta\":{\"reasoning\":\"@\",\"reasoning_content\":\"@\"}", true)]
    [InlineData("\"delta\":{\"function_call\":{\"name\":\"@\",\"arguments\":\"@\"}}", true)]
    [InlineData("\"delta\":{\"tool_calls\":[{\"custom\":{\"name\":\"@\",\"input\":\"@\"}}]}", true)]
    [InlineData("\"finish_reason\":\"@\",\"stop_reason\":\"@\",\"@\":{\"@\":1}", true)]
    [InlineData("\"logprobs\":{\"tokens\":[\"@\"],\"top_logprobs\":[{\"@\":-1}]}", true)]
    [InlineData("\"logprobs\":{\"content\":[{\"token\":\"@\",\"top_logprobs\":[{\"token\":\"@\"}]}]}", true)]
    [InlineData("\"@\":null", false)]
    [InlineData("\"delta\":{\"parsed\":\"@\"}", false)]
    [InlineData("\"delta\":{\"tool_calls\":[{\"id\":\"@\"}]}", false)]
    [InlineData("\"delta\":{\"function_call\":{\"name\":\"f\",\"parsed_arguments\":{\"a\":\"@\"}}}", false)]
    [InlineData("\"logprobs\":{\"x\":\"@\"}", false)]
    [InlineData("\"text\":\"@\",\"token_ids\":\"@\"", false)]
    public void Line_breaks_of_some_clients_stand_in_texts_alone(string choice, bool isFine)
    {
        foreach (string end in (string[])["\u0085", "\u2028", "\u2029"])
        {
            string Of(string text) => $$"""{"choices":[{{{choice.Replace("@", text, StringComparison.Ordinal)}}}]}""";
            void ReadStream(string json) => Read($"data: {json}\n\ndata: [DONE]\n\n", AnswerDelivery.Sse);
            if (isFine)
                ReadStream(Of(end));
            else
                Assert.Equal(
                    CanonicalFormError.AmbiguousStream,
                    Assert.Throws<CanonicalFormException>(() => ReadStream(Of(end))).Error
                );
            // Escaped it is no line end, and nobody cuts a JSON answer.
            ReadStream(Of($"\\u{(int)end[0]:x4}"));
            Read(
                Of(end)
                    .Replace("delta", "message", StringComparison.Ordinal)
                    .Replace("\"id\"", "\"type\":\"custom\",\"id\"", StringComparison.Ordinal)
            );
        }
    }

    [Theory]
    [InlineData("{}", AnswerDelivery.Json)]
    [InlineData("\uFEFF \r\n\t{\"choices\":[]}", AnswerDelivery.Json)]
    [InlineData("data: {}\n\n", AnswerDelivery.Sse)]
    [InlineData("[]", AnswerDelivery.Sse)]
    [InlineData("", AnswerDelivery.Sse)]
    [InlineData("\u00a0{}", AnswerDelivery.Sse)]
    public void An_object_is_an_answer_and_all_else_are_events(string body, Enum delivery) =>
        Assert.Equal((AnswerDelivery)delivery, RecordedAnswer.DeliveryOf(Encoding.UTF8.GetBytes(body)));

    /// <summary>A kind or a role that differs has a place like any other text.</summary>
    [Theory]
    [InlineData("\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}", "\"type\":\"custom\"", "tool.0.type", 0)]
    [InlineData("\"reasoning\":\"hm\"", "\"reasoning\":\"hm\",\"role\":\"tool\"", "role", 0)]
    public void Kinds_and_roles_can_differ(string part, string by, string channel, long offset) =>
        Assert.Equal(
            new TextPlace(1, channel, offset),
            Read(Answer).FirstTextDifference(Read(Answer.Replace(part, by, StringComparison.Ordinal)))
        );

    [Theory]
    [InlineData("[5,6]", "[5,9]", 0, 1)]
    [InlineData("[5,6]", "[5]", 0, 1)]
    [InlineData("[7]", "[7,8]", 1, 1)]
    public void The_first_token_that_differs(string part, string by, int choice, int token) =>
        Assert.Equal(
            new TokenPlace(choice, token),
            Read(Answer).FirstTokenDifference(Read(Answer.Replace(part, by, StringComparison.Ordinal)))
        );

    [Fact]
    public void Without_all_ids_no_token_differs() =>
        Assert.Null(Read(Answer).FirstTokenDifference(Read(Answer.Replace("[7]", "null", StringComparison.Ordinal))));

    [Fact]
    public void Tokens_have_ids_and_where_the_answer_tells_texts()
    {
        RecordedAnswer json = Read(Answer),
            sse = Read(Stream, AnswerDelivery.Sse);
        Assert.Equal((5u, 6u, 7u), (json.TokenAt(new(0, 0)), json.TokenAt(new(0, 1)), json.TokenAt(new(1, 0))));
        Assert.Null(json.TokenAt(new(0, 2)));
        Assert.Null(json.TextAt(new(0, 0)));
        Assert.Equal(("Hello", " world", null), (sse.TextAt(new(0, 0)), sse.TextAt(new(0, 1)), sse.TextAt(new(1, 0))));
        const string scores = """
            "logprobs":{"content":[{"token":"Hel","logprob":0},{"token":"lo world","logprob":-1}]},"token_ids":[5,6]
            """;
        RecordedAnswer scored = Read(Answer.Replace("\"token_ids\":[5,6]", scores, StringComparison.Ordinal));
        Assert.Equal("lo world", scored.TextAt(new(0, 1)));
        RecordedAnswer completion = Read(
            """{"choices":[{"text":"ab","token_ids":[1,2],"logprobs":{"tokens":["a","b"],"token_logprobs":[0,"""
                + """0]},"finish_reason":"stop"}]}"""
        );
        Assert.Equal("b", completion.TextAt(new(0, 1)));
    }

    [Fact]
    public void First_tokens_of_a_longer_answer_are_those_of_the_shorter_one()
    {
        RecordedAnswer longer = Read(Answer.Replace("[5,6]", "[5,6,9]", StringComparison.Ordinal));
        Assert.Equal(Read(Answer).Tokens!.Digest, longer.FirstTokens([2, 1], Vectors.TokenSalt)!.Digest);
        Assert.NotEqual(Read(Answer).Tokens!.Digest, longer.FirstTokens([3, 1], Vectors.TokenSalt)!.Digest);
        Assert.Null(longer.FirstTokens([4, 1], Vectors.TokenSalt));
        Assert.Null(longer.FirstTokens([1, 1, 1], Vectors.TokenSalt));
        Assert.Null(Read(Answer.Replace("[7]", "null", StringComparison.Ordinal)).FirstTokens([1], Vectors.TokenSalt));
    }

    /// <summary>Whoever adds members to an answer changes nothing that is compared, and a report names them.</summary>
    [Fact]
    public void Members_of_the_answer_that_no_form_reads_are_named()
    {
        Assert.Equal(
            ["audio", "b\u0001", "provider"],
            Read("""{"provider":1,"choices":[],"b\u0001":0,"au\u0064io":[7],"empty":null}""").Unbound
        );
        Assert.Equal(
            ["a", "b"],
            Read(
                """
                data: {"choices":[],"b":1}

                data: {"choices":[],"a":1,"b":2}

                data: [DONE]


                """,
                AnswerDelivery.Sse
            ).Unbound
        );
    }

    /// <summary>Also those that stand in log-probabilities, which are bound only as far as they are read.</summary>
    [Fact]
    public void Members_of_log_probabilities_that_no_form_reads_are_named()
    {
        Assert.Equal(
            ["chat", "entry", "other"],
            Read(
                """
                {"choices":[{"index":0,"logprobs":{"content":[{"token":"a","logprob":-1,"bytes":[97],"entry":1,
                "top_logprobs":[{"token":"a","logprob":-1,"bytes":null,"other":"x","none":null}]}],"chat":{"a":0}}}]}
                """
            ).Unbound
        );
        Assert.Equal(
            ["completion", "text_offset"],
            Read(
                """{"choices":[{"index":0,"logprobs":{"tokens":[],"text_offset":7,"completion":[1],"nothing":[]}}]}"""
            ).Unbound
        );
        Assert.Empty(
            Read("""{"choices":[{"index":0,"logprobs":{"tokens":["a"],"text_offset":[0],"bytes":null}}]}""").Unbound
        );
    }

    /// <summary>Of very many the first ones are named, and that there are more.</summary>
    [Theory]
    [InlineData(131_072, false)]
    [InlineData(131_073, true)]
    public void Of_very_many_members_the_first_are_named(int characters, bool hasMore)
    {
        string first = new('y', 100),
            second = new('x', characters - 100);
        Assert.Equal(
            hasMore ? [first, "…"] : [second, first],
            Read($$"""{"{{first}}":1,"{{second}}":1,"{{first}}":2,"choices":[]}""").Unbound
        );
    }

    private static RecordedAnswer Read(string body, AnswerDelivery delivery = AnswerDelivery.Json) =>
        RecordedAnswer.Read(Encoding.UTF8.GetBytes(body), delivery, Vectors.Salts, choicesPerPrompt: 2);
}
