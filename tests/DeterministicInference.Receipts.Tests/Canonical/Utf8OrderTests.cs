using System.Text;
using DeterministicInference.Receipts.Canonical;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Canonical;

public class Utf8OrderTests
{
    private static readonly string[] Characters =
    [
        "",
        "\0",
        "a",
        "\u007f",
        "\u0080",
        "\u07ff",
        "\u0800",
        "\ud7ff",
        "\ue000",
        "\uffff",
        "\U00010000",
        "\U0001f600",
        "\U0010ffff",
    ];

    [Fact]
    public void It_is_the_order_of_the_bytes()
    {
        string[] texts = [.. from a in Characters from b in Characters from c in Characters select a + b + c];
        var random = new SeededValues(1);
        for (int i = 0; i < 100_000; i++)
        {
            string x = random.Of(texts),
                y = random.Of(texts);
            int bytes = Encoding.UTF8.GetBytes(x).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y));
            Assert.Equal(Math.Sign(bytes), Math.Sign(Utf8Order.Instance.Compare(x, y)));
        }
    }

    [Fact]
    public void Half_pairs_are_not_well_formed()
    {
        Assert.True(Utf8Order.IsWellFormed(""));
        Assert.True(Utf8Order.IsWellFormed("a😀"));
        Assert.False(Utf8Order.IsWellFormed("\ud83d"));
        Assert.False(Utf8Order.IsWellFormed("\ude00\ud83d"));
        Assert.False(Utf8Order.IsWellFormed("\ud83d\ud83d\ude00"));
    }
}
