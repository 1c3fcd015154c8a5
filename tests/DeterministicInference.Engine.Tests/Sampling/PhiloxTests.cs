using DeterministicInference.Engine.Sampling;
using Xunit;

namespace DeterministicInference.Engine.Tests.Sampling;

/// <summary>The generator against the published vectors (Random123, examples/kat_vectors, "philox4x32 10").</summary>
public sealed class PhiloxTests
{
    // Words as the vectors list them: counter 0 … 3 with word 0 in the low half of the low counter, key 0 and 1
    // likewise.
    [Theory]
    [InlineData(
        0x00000000,
        0x00000000,
        0x00000000,
        0x00000000,
        0x00000000,
        0x00000000,
        "6627e8d5 e169c58d bc57ac4c 9b00dbd8"
    )]
    [InlineData(
        0xffffffff,
        0xffffffff,
        0xffffffff,
        0xffffffff,
        0xffffffff,
        0xffffffff,
        "408f276d 41c83b0e a20bc7c6 6d5451fd"
    )]
    [InlineData(
        0x243f6a88,
        0x85a308d3,
        0x13198a2e,
        0x03707344,
        0xa4093822,
        0x299f31d0,
        "d16cfe09 94fdcceb 5001e420 24126ea1"
    )]
    public void A_block_equals_the_published_vector(
        uint c0,
        uint c1,
        uint c2,
        uint c3,
        uint k0,
        uint k1,
        string expected
    )
    {
        (uint a, uint b, uint c, uint d) = Philox.Block(
            (ulong)k1 << 32 | k0,
            (ulong)c1 << 32 | c0,
            (ulong)c3 << 32 | c2
        );

        Assert.Equal(expected, $"{a:x8} {b:x8} {c:x8} {d:x8}");
    }

    [Fact]
    public void A_uniform_value_is_made_of_the_first_two_words()
    {
        // 0x6627e8d5e169c58d, without its last 11 bits, over 2^53.
        Assert.Equal((0x6627_e8d5_e169_c58d >> 11) / 9007199254740992.0, Philox.Uniform(0, 0, 0));
    }

    [Fact]
    public void Uniform_values_fill_the_unit_interval_evenly()
    {
        var counts = new int[100];
        for (ulong i = 0; i < 100_000; i++)
            counts[(int)(Philox.Uniform(1, i, 2) * 100)]++;

        // Critical value of χ² with 99 degrees of freedom at p = 0.001.
        Assert.InRange(counts.Sum(count => (count - 1000.0) * (count - 1000.0) / 1000.0), 0, 148.23);
    }
}
