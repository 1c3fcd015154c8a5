using DeterministicInference.Receipts.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>Half pairs and U+FFFD: fragments are UTF-16 until they are joined.</summary>
public class SurrogateTests
{
    [Theory]
    [InlineData("\\ud83d\\ude00", "😀")]
    [InlineData("a\\ud83d", "a")]
    [InlineData("\\ud83d", "")]
    [InlineData("\\ude00", "")]
    [InlineData("\\ude00a", "\ufffda")]
    [InlineData("\\ud83da", "\ufffda")]
    [InlineData("\\ud83d\\ud83d\\ude00", "\ufffd😀")]
    [InlineData("\\ude00\\ud83da", "\ufffd\ufffda")]
    [InlineData("\\ud83d\\n", "\ufffd\n")]
    [InlineData("\\ud83d😀", "\ufffd😀")]
    [InlineData("😀\\ude00a", "😀\ufffda")]
    [InlineData("a\\ufffd", "a")]
    [InlineData("a\uFFFD\\ufffd\uFFFD", "a")]
    [InlineData("\uFFFDa\uFFFDb\\ufffdc", "\ufffda\ufffdb\ufffdc")]
    [InlineData("\uFFFD", "")]
    [InlineData("a\uFFFD ", "a\ufffd ")]
    [InlineData("a \\u0000", "a \0")]
    public void Text_of_a_channel(string escaped, string text)
    {
        string? expected = text.Length == 0 ? null : Outputs.LineOf("0 content", text);
        Assert.Equal(expected, Outputs.OfContent(escaped).Line("0 content"));
    }

    [Fact]
    public void A_pair_may_be_split_over_two_events_with_others_between_them()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[{"index":0,"delta":{"content":"\ud83d"}}]}""",
            """{"choices":[{"index":1,"delta":{"content":"\ud83d"}},"""
                + """{"index":0,"delta":{"reasoning":"\ud83d","refusal":null,"content":""}}]}""",
            """{"choices":[{"index":0,"delta":{"content":"\ude00","reasoning":"x"}},"""
                + """{"index":1,"delta":{"content":"\uDE01"}}]}""",
        ]);
        Assert.Equal(Outputs.LineOf("0 content", "😀"), output.Line("0 content"));
        Assert.Equal(Outputs.LineOf("1 content", "😁"), output.Line("1 content"));
        Assert.Equal(Outputs.LineOf("0 reasoning", "\ufffdx"), output.Line("0 reasoning"));
    }

    [Fact]
    public void Held_back_replacement_characters_return_when_text_follows()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[{"text":"a\ufffd"}]}""",
            """{"choices":[{"text":"\ufffd\ud83d"}]}""",
            """{"choices":[{"text":"b\ufffd"}]}""",
        ]);
        Assert.Equal(Outputs.LineOf("0 text", "a\ufffd\ufffd\ufffdb"), output.Line("0 text"));
    }

    [Fact]
    public void Half_of_a_pair_inside_a_value_of_another_type_is_replaced()
    {
        OutputDigest output = Outputs.OfAnswer("""{"choices":[{"message":{"content":{"a":"\ud83d"}}}]}""");
        Assert.Equal(Outputs.LineOf("0 content", "{\"a\":\"\ufffd\"}"), output.Line("0 content"));
    }
}
