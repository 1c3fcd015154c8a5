using DeterministicInference.Receipts.Output;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>
/// Half pairs and U+FFFD: fragments are UTF-16 until they are joined, and what stays alone has three bytes.
/// </summary>
public class SurrogateTests
{
    [Theory]
    [InlineData("\\ud83d\\ude00", "f09f9880")]
    [InlineData("a\\ud83d", "61eda0bd")]
    [InlineData("\\ud83d", "eda0bd")]
    [InlineData("\\ude00", "edb880")]
    [InlineData("\\ude00a", "edb88061")]
    [InlineData("\\ud83da", "eda0bd61")]
    [InlineData("\\ud83d\\ud83d\\ude00", "eda0bdf09f9880")]
    [InlineData("\\ude00\\ud83da", "edb880eda0bd61")]
    [InlineData("\\ud83d\\n", "eda0bd0a")]
    [InlineData("\\ud83d😀", "eda0bdf09f9880")]
    [InlineData("😀\\ude00a", "f09f9880edb88061")]
    [InlineData("a\\ufffd", "61efbfbd")]
    [InlineData("\uFFFD", "efbfbd")]
    [InlineData("a\uFFFD ", "61efbfbd20")]
    [InlineData("a \\u0000", "612000")]
    public void Bytes_of_a_channel(string escaped, string hex) =>
        Assert.Equal(
            Outputs.LineOf("0 content", Convert.FromHexString(hex)),
            Outputs.OfContent(escaped).Line("0 content")
        );

    /// <summary>Each half is another text, and none is the one that clients show for it.</summary>
    [Fact]
    public void Half_pairs_differ() =>
        Assert.Equal(
            4,
            ((string[])["\\ud83d", "\\ude00", "\\ud83e", "\\ufffd"])
                .Select(half => Outputs.OfContent(half).Digest)
                .Distinct()
                .Count()
        );

    [Fact]
    public void A_pair_may_be_split_over_two_events_with_others_between_them()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[{"index":0,"delta":{"content":"\ud83d"}}]}""",
            """{"choices":[{"index":0,"delta":{"reasoning":"\ud83d","refusal":null,"content":""}},"""
                + """{"index":1,"delta":{"content":"\ud83d"}}]}""",
            """{"choices":[{"index":0,"delta":{"content":"\ude00","reasoning":"x"}},"""
                + """{"index":1,"delta":{"content":"\uDE01"}}]}""",
        ]);
        Assert.Equal(Outputs.LineOf("0 content", "😀"), output.Line("0 content"));
        Assert.Equal(Outputs.LineOf("1 content", "😁"), output.Line("1 content"));
        Assert.Equal(Outputs.LineOf("0 reasoning", Convert.FromHexString("eda0bd78")), output.Line("0 reasoning"));
    }

    [Fact]
    public void Nothing_is_trimmed()
    {
        OutputDigest output = Outputs.OfEvents([
            """{"choices":[{"text":"a\ufffd"}]}""",
            """{"choices":[{"text":"\ufffd\ud83d"}]}""",
            """{"choices":[{"text":"b\ufffd"}]}""",
            """{"choices":[{"text":"\ud83d","finish_reason":"st\ude00"}]}""",
        ]);
        Assert.Equal(
            Outputs.LineOf("0 text", [.. "a\ufffd\ufffd"u8, 0xED, 0xA0, 0xBD, .. "b\ufffd"u8, 0xED, 0xA0, 0xBD]),
            output.Line("0 text")
        );
        Assert.Equal(Outputs.LineOf("0 finish", [.. "st"u8, 0xED, 0xB8, 0x80]), output.Line("0 finish"));
    }
}
