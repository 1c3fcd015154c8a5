using System.Text;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>What the grammar gives of an answer.</summary>
public sealed class AnswerReaderTests
{
    [Fact]
    public void Parts_stand_in_the_order_of_the_text_with_the_choice_and_tool_that_they_belong_to()
    {
        Assert.Equal(
            [
                "Id 0.0 \"x\"",
                "Choice 1.0 …",
                "Content 1.0 \"a\"",
                "Role 1.0 \"assistant\"",
                "Tool 1.7 …",
                "ToolId 1.7 \"c\"",
                "ToolName 1.7 \"f\"",
                "ToolExtra 1.7 1",
                "MessageExtra 1.0 [0]",
                "Finish 1.0 \"stop\"",
                "TokenIds 1.0 [5, 6]",
                "ChoiceExtra 1.0 7",
                "PromptTokens 0.0 3",
                "CompletionTokens 0.0 2",
                "TotalTokens 0.0 5",
                "Model 0.0 \"m\"",
                "Unbound 0.0 [2]",
            ],
            Parts(
                """
                {"id":"x","choices":[{"delta":{"content":"a","role":"assistant",
                 "tool_calls":[{"id":"c","type":"function","function":{"name":"f"},"x":1,"index":7}],"annotations":[0]},
                 "finish_reason":"stop","token_ids":[5, 6],"stop_reason":7,"matched_stop":"","index":1}],
                 "usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"model":"m","new":[2],"newer":null}
                """
            )
        );
    }

    [Fact]
    public void Reasoning_that_another_member_stands_for_is_no_part() =>
        Assert.Equal(
            ["Choice 0.0 …", "None 0.0 \"a\"", "Reasoning 0.0 \"\\u0061\""],
            Parts("""{"choices":[{"delta":{"reasoning":"a","reasoning_content":"\u0061"}}]}""")
        );

    [Theory]
    [InlineData("""{"choices":[{"text":"a"},7,{"text":"b"}]}""", "choices[1]", 2)]
    [InlineData("""{"choices":[{"index":"x","text":"a"},{"text":"b"}]}""", "choices[0].index", 2)]
    [InlineData("""{"choices":[{"text":"a","text":"b"}]}""", "choices[0].text", 2)]
    public void Behind_what_has_no_form_reading_goes_on(string json, string place, int texts)
    {
        AnswerReading answer = new AnswerReader(AnswerDelivery.Json).Read(Encoding.UTF8.GetBytes(json));
        Assert.Equal(place, answer.Defect?.Place);
        int count = 0;
        foreach (AnswerPart part in answer.Parts)
            count += part.Kind == AnswerPartKind.Text ? 1 : 0;
        Assert.Equal(texts, count);
    }

    [Fact]
    public void The_first_defect_is_told_and_broken_JSON_before_all()
    {
        static CanonicalFormException Defect(string json) =>
            Assert.Throws<CanonicalFormException>(() =>
                new AnswerReader(AnswerDelivery.Json).Read(Encoding.UTF8.GetBytes(json)).RequireCanonical()
            );
        Assert.Equal("choices[0].index", Defect("""{"choices":[{"index":-1},7]}""").Place);
        Assert.Equal(CanonicalFormError.InvalidJson, Defect("""{"choices":[{"index":-1},7}""").Error);
        Assert.Equal(CanonicalFormError.DuplicateIndex, Defect("""{"choices":[{"index":1},{}]}""").Error);
    }

    [Fact]
    public void A_hundred_and_twenty_eight_levels_are_enough()
    {
        static string Deep(int levels) => $$"""{"x":{{new string('[', levels - 1)}}{{new string(']', levels - 1)}}}""";
        new AnswerReader(AnswerDelivery.Json).Read(Encoding.UTF8.GetBytes(Deep(128))).RequireCanonical();
        var refusal = Assert.Throws<CanonicalFormException>(() =>
            new AnswerReader(AnswerDelivery.Json).Read(Encoding.UTF8.GetBytes(Deep(129)))
        );
        Assert.Equal(CanonicalFormError.TooDeep, refusal.Error);
    }

    [Fact]
    public void An_event_costs_no_memory_whatever_is_made_of_it()
    {
        byte[] data = Encoding.UTF8.GetBytes(
            """
            {"id":"x","choices":[{"index":0,"delta":{"content":" the"},"token_ids":[262],"finish_reason":null,"logprobs":
             {"content":[{"token":" the","logprob":-0.25,"top_logprobs":[{"token":"a","logprob":-Infinity}]}]}}],"usage":null}
            """
        );
        var reader = new AnswerReader(AnswerDelivery.Sse, logprobs: true);
        using var output = new OutputHasher(logprobs: true);
        var tokens = new ReportedTokens(Vectors.Salts);
        for (int i = 0; i < 1000; i++)
            Add();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            Add();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Add()
        {
            AnswerReading answer = reader.Read(data);
            output.Append(answer);
            tokens.Append(answer);
        }
    }

    private static List<string> Parts(string json)
    {
        AnswerReading answer = new AnswerReader(AnswerDelivery.Sse).Read(Encoding.UTF8.GetBytes(json));
        Assert.Null(answer.Defect);
        var parts = new List<string>();
        foreach (AnswerPart part in answer.Parts)
        {
            string value = part.Kind is AnswerPartKind.Choice or AnswerPartKind.Tool
                ? "…"
                : Encoding.UTF8.GetString(answer.Json[part.Value]);
            parts.Add($"{part.Kind} {part.Choice}.{part.Tool} {value}");
        }
        return parts;
    }
}
