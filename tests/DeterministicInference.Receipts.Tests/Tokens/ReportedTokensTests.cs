using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Tokens;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Tokens;

public sealed class ReportedTokensTests
{
    private static readonly string[] TwoChoices =
    [
        """{"choices":[{"index":1,"delta":{"role":"assistant","content":""}}],"prompt_token_ids":[1,2,3]}""",
        """{"choices":[{"index":0,"delta":{"content":"a"},"token_ids":[15496],"finish_reason":null}]}""",
        """{"choices":[{"token_ids":[995],"index":0,"delta":{"content":"c"}},"""
            + """{"delta":{"content":"b"},"token_ids":[11],"index":1}]}""",
        """{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}""",
        """{"choices":[{"index":0,"delta":{},"token_ids":[50256],"finish_reason":"stop"}]}""",
        """{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}""",
    ];

    [Fact]
    public void Events_of_interleaved_choices()
    {
        ReportedTokens tokens = Of(TwoChoices);
        Assert.Equal(Chained([15496, 995, 50256], [11]).Digest, tokens.Tokens!.Digest);
        Assert.Equal([3, 1], tokens.Tokens.Counts);
        Assert.Equal("f9e980883cee5353", Convert.ToHexStringLower(tokens.Tokens.Trail.Span));
        Assert.Equal(
            "ba0f7443567b20ce4b1f6ebed83f2ff9a7e43768d3f04c4b024aee84d0b546fc",
            PromptOf(2, TwoChoices)!.Digest.ToString()
        );
    }

    [Fact]
    public void A_JSON_answer_with_the_ids_beside_the_text() =>
        SameAsVector(
            Of(
                """{"prompt_token_ids":[1,2,3],"choices":[{"index":0,"message":{"content":"x"},"token_ids":[15496,"""
                    + """995,50256],"finish_reason":"stop"},{"token_ids":[11],"finish_reason":"stop","index":1}]}"""
            )
        );

    [Fact]
    public void The_ids_of_a_choice_have_two_names() =>
        SameAsVector(
            Of(
                """{"choices":[{"index":0,"message":{"content":"x"},"prompt_token_ids":[1,2,3],"response_token_ids":"""
                    + """[15496,995,50256],"finish_reason":"stop"},"""
                    + """{"index":1,"response_token_ids":[11],"finish_reason":"stop"}]}"""
            )
        );

    [Fact]
    public void SGLang_reports_them_once_in_its_extension()
    {
        SameAsVector(
            Of(
                """{"choices":[{"index":0,"delta":{"content":"a"}}]}""",
                """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"},"""
                    + """{"index":1,"delta":{"content":"b"},"finish_reason":"stop"}]}""",
                """{"choices":[],"sglext":{"input_ids":[1,2,3],"output_ids":[[15496,995,50256],"""
                    + """[11]],"cached_tokens_details":{"device":0}}}"""
            )
        );
        SameAsVector(
            Of(
                """{"sglext":{"output_ids":[[15496,995,50256],[11]],"input_ids":[1,2,"""
                    + """3]},"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"finish_reason":"stop"}]}"""
            )
        );
    }

    /// <summary>Which of two reports is the right one is not said, also where they agree or have nothing.</summary>
    [Theory]
    [InlineData("[[15496,995,50256],[11]]", true)]
    [InlineData("[[15496,995,50256]]", true)]
    [InlineData("[[]]", true)]
    [InlineData("[]", false)]
    [InlineData("null", false)]
    public void Ids_that_come_both_ways_are_none(string lists, bool isPartial)
    {
        string extension = $$$"""{"choices":[],"sglext":{"output_ids":{{{lists}}}}}""";
        foreach (
            string[] parts in (IEnumerable<string[]>)
                [
                    [.. TwoChoices[..^1], extension, TwoChoices[^1]],
                    [extension, .. TwoChoices],
                ]
        )
        {
            ReportedTokens tokens = Of(2, parts);
            Assert.Equal((isPartial, isPartial), (tokens.Tokens is null, tokens.Prompt is null));
            Assert.Equal((true, true), (tokens.HasTokens, tokens.HasPrompt));
        }
    }

    /// <summary>
    /// Every choice of a prompt may repeat its ids, and so may every event; others make a report partial.
    /// </summary>
    [Theory]
    [InlineData("[1,2,3]", "[1,2,3]", true)]
    [InlineData("[1,2,3]", "[ 1, 2,3 ]", true)]
    [InlineData("[]", "[]", true)]
    [InlineData("[1,2,3]", "null", true)]
    [InlineData("[1,2,3]", "[1,2]", false)]
    [InlineData("[1,2,3]", "[1,2,4]", false)]
    [InlineData("[1,2,3]", "[]", false)]
    [InlineData("[]", "[1]", false)]
    public void Two_lists_of_one_prompt_that_differ_bind_nothing(string first, string second, bool isFine)
    {
        foreach (
            string rest in (string[])
                [
                    $$$""","prompt_token_ids":{{{second}}}}],"prompt_token_ids":{{{first}}}}""",
                    $$$"""}],"prompt_token_ids":{{{first}}},"sglext":{"input_ids":{{{second}}}}}""",
                    $$$""","prompt_token_ids":{{{first}}}}],"sglext":{"input_ids":{{{second}}}}}""",
                ]
        )
        {
            ReportedTokens tokens = Of(
                "{\"choices\":[{\"text\":\"x\",\"token_ids\":[5],\"finish_reason\":\"stop\"" + rest
            );
            Assert.Equal((isFine, isFine), (tokens.Prompt is not null, tokens.Tokens is not null));
            Assert.True(tokens.HasPrompt);
        }
    }

    /// <summary>What is not readable, or only a part, is there all the same.</summary>
    [Theory]
    [InlineData("""{"choices":[{"text":"a"}]}""", false, false)]
    [InlineData(
        """{"choices":[{"token_ids":null,"prompt_token_ids":null}],"sglext":{"output_ids":null}}""",
        false,
        false
    )]
    [InlineData("""{"choices":[{"token_ids":[]}]}""", true, false)]
    [InlineData("""{"choices":[{"response_token_ids":"x"}]}""", true, false)]
    [InlineData("""{"choices":[],"sglext":{"output_ids":{}}}""", true, false)]
    [InlineData("""{"choices":[],"sglext":{"output_ids":[[1]],"input_ids":7}}""", true, true)]
    [InlineData("""{"choices":[{"prompt_token_ids":{}}]}""", false, true)]
    [InlineData("""{"choices":[],"prompt_token_ids":[]}""", false, true)]
    public void Whether_ids_are_there(string json, bool hasTokens, bool hasPrompt)
    {
        ReportedTokens tokens = Of(json);
        Assert.Equal((hasTokens, hasPrompt), (tokens.HasTokens, tokens.HasPrompt));
    }

    /// <summary>One choice after the other belongs to the same prompt, and repeats its ids.</summary>
    [Theory]
    [InlineData(1, "[7] [8] [9] [9]", 4)]
    [InlineData(2, "[7] [7] [9] [9]", 2)]
    [InlineData(4, "[7] [7] [7] [7]", 1)]
    public void Prompts_by_the_number_of_choices_for_each(int choicesPerPrompt, string prompts, int expected)
    {
        string[] ids = prompts.Split(' ');
        string choices = string.Join(
            ",",
            ids.Select(
                (id, i) =>
                    $$"""{"index":{{i}},"text":"x","token_ids":[5],"prompt_token_ids":{{id}},"finish_reason":"stop"}"""
            )
        );
        TokenDigest prompt = PromptOf(choicesPerPrompt, $$"""{"choices":[{{choices}}]}""")!;
        Assert.Equal(Enumerable.Repeat(1, expected), prompt.Counts);
        var digest = new PromptDigest(Vectors.PromptSalt);
        for (int i = 0; i < expected; i++)
            digest.Add(i, [uint.Parse(ids[i * choicesPerPrompt].Trim('[', ']'), null)]);
        Assert.Equal(digest.Current().Digest, prompt.Digest);
    }

    /// <summary>Ids of only a part bind nothing.</summary>
    [Theory]
    [InlineData("no ids at all", """{"choices":[{"index":0,"text":"a","finish_reason":"stop"}]}""")]
    [InlineData("no choice", """{"choices":[]}""")]
    [InlineData(
        "one of two choices",
        """{"choices":[{"index":0,"text":"a","token_ids":[5],"finish_reason":"stop"},"""
            + """{"index":1,"text":"b","finish_reason":"stop"}]}"""
    )]
    [InlineData(
        "an index is missing",
        """{"choices":[{"index":1,"text":"a","token_ids":[5],"finish_reason":"stop"}]}"""
    )]
    [InlineData("null", """{"choices":[{"index":0,"text":"a","token_ids":null,"finish_reason":"stop"}]}""")]
    [InlineData(
        "an event with text has none",
        """{"choices":[{"index":0,"text":"a","token_ids":[5]}]}""",
        """{"choices":[{"index":0,"text":"b"}]}""",
        """{"choices":[{"index":0,"text":"","token_ids":[6],"finish_reason":"stop"}]}"""
    )]
    [InlineData(
        "the first event has none",
        """{"choices":[{"index":0,"delta":{"content":"b"}}]}""",
        """{"choices":[{"index":0,"delta":{"reasoning":"b"},"token_ids":[6],"finish_reason":"stop"}]}"""
    )]
    [InlineData(
        "fewer than the engine counts",
        """{"choices":[{"index":0,"text":"a","token_ids":[5],"finish_reason":"stop"}],"usage":{"completion_tokens":"""
            + """2}}"""
    )]
    [InlineData("a text", """{"choices":[{"index":0,"text":"a","token_ids":["5"],"finish_reason":"stop"}]}""")]
    [InlineData("a fraction", """{"choices":[{"index":0,"text":"a","token_ids":[5.0],"finish_reason":"stop"}]}""")]
    [InlineData("negative", """{"choices":[{"index":0,"text":"a","token_ids":[-1],"finish_reason":"stop"}]}""")]
    [InlineData(
        "more than 32 bits",
        """{"choices":[{"index":0,"text":"a","token_ids":[4294967296],"finish_reason":"stop"}]}"""
    )]
    [InlineData("no list", """{"choices":[{"index":0,"text":"a","token_ids":{"5":5},"finish_reason":"stop"}]}""")]
    [InlineData(
        "twice",
        """{"choices":[{"index":0,"text":"a","token_ids":[5],"token_ids":[6],"finish_reason":"stop"}]}"""
    )]
    [InlineData(
        "by two names",
        """{"choices":[{"index":0,"text":"a","token_ids":[5],"response_token_ids":[5],"finish_reason":"stop"}]}"""
    )]
    [InlineData("an index that is none", """{"choices":[{"index":-1,"token_ids":[5]}]}""")]
    [InlineData(
        "an extension for another number of choices",
        """{"choices":[{"index":0,"text":"a","finish_reason":"stop"}],"sglext":{"output_ids":[[5],[6]]}}"""
    )]
    [InlineData(
        "an extension twice",
        """{"choices":[{"index":0,"text":"a","finish_reason":"stop"}],"sglext":{"output_ids":[[5]]}}""",
        """{"choices":[],"sglext":{"output_ids":[[5]]}}"""
    )]
    [InlineData(
        "an extension without lists",
        """{"choices":[{"index":0,"text":"a","finish_reason":"stop"}],"sglext":{"output_ids":[5]}}"""
    )]
    public void A_partial_report_is_none(string why, params string[] parts)
    {
        Assert.NotEmpty(why);
        Assert.Null(Of(parts).Tokens);
    }

    [Fact]
    public void Text_that_comes_with_the_end_needs_no_ids_of_its_own() =>
        Assert.Equal(
            [1],
            Of(
                """{"choices":[{"index":0,"text":"a","token_ids":[5]}]}""",
                """{"choices":[{"index":0,"text":"held back","finish_reason":"stop"}]}"""
            ).Tokens!.Counts
        );

    [Fact]
    public void The_prompts_of_a_part_are_none() =>
        Assert.Null(
            Of(
                """{"choices":[{"index":0,"prompt_token_ids":[1],"token_ids":[5]},{"index":1,"token_ids":[5]}]}"""
            ).Prompt
        );

    [Fact]
    public void An_event_costs_no_memory_once_its_choice_is_known()
    {
        byte[] data = Encoding.UTF8.GetBytes(
            """{"id":"x","choices":[{"index":0,"delta":{"content":" """
                + """the"},"logprobs":null,"token_ids":[262],"finish_reason":null}],"usage":null}"""
        );
        var tokens = new ReportedTokens(Vectors.Salts);
        var reader = new AnswerReader(AnswerDelivery.Sse);
        for (int i = 0; i < 1000; i++)
            tokens.Append(reader.Read(data));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            tokens.Append(reader.Read(data));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal([1010], tokens.Tokens!.Counts);
    }

    private static void SameAsVector(ReportedTokens tokens) =>
        Assert.Equal(Chained([15496, 995, 50256], [11]).Digest, tokens.Tokens!.Digest);

    private static TokenDigest? PromptOf(int choicesPerPrompt, params string[] parts) =>
        Of(choicesPerPrompt, parts).Prompt;

    private static ReportedTokens Of(params string[] parts) => Of(1, parts);

    private static ReportedTokens Of(int choicesPerPrompt, string[] parts)
    {
        var tokens = new ReportedTokens(Vectors.Salts, choicesPerPrompt);
        var reader = new AnswerReader(AnswerDelivery.Sse);
        foreach (string part in parts)
            tokens.Append(reader.Read(Encoding.UTF8.GetBytes(part)));
        return tokens;
    }

    private static TokenDigest Chained(params uint[][] choices)
    {
        var chain = new TokenChain(Vectors.TokenSalt);
        for (int i = 0; i < choices.Length; i++)
            chain.Append(i, choices[i]);
        return chain.Current();
    }
}
