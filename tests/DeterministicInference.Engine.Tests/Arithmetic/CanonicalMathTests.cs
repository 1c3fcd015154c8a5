using System.Globalization;
using DeterministicInference.Engine.Arithmetic;
using Xunit;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>
/// Accuracy of the elementary functions against the platform's, and their exact bits at chosen points.
/// </summary>
public sealed class CanonicalMathTests
{
    [Fact]
    public void The_single_precision_exponential_is_at_most_one_ulp_off()
    {
        double worst = 0;
        for (float x = -87f; x <= 88f; x += 0.00071f)
            worst = Math.Max(worst, UlpsOff(PlainMath.Exp(x), Math.Exp(x)));

        Assert.InRange(worst, 0.4, 1.0);
    }

    [Fact]
    public void The_exponential_is_zero_below_and_bounded_above_its_range()
    {
        Assert.Equal(0f, PlainMath.Exp(float.BitDecrement(-87f)));
        Assert.Equal(0f, PlainMath.Exp(float.NegativeInfinity));
        Assert.Equal(PlainMath.Exp(88f), PlainMath.Exp(float.PositiveInfinity));
        Assert.Equal(1f, PlainMath.Exp(0f));
        Assert.Equal(1f, PlainMath.Exp(-0f));
    }

    [Fact]
    public void The_double_precision_exponential_is_at_most_two_ulps_off()
    {
        double worst = 0;
        for (int i = 0; i <= 200_000; i++)
        {
            double x = -700 + i * 0.007;
            worst = Math.Max(worst, UlpsOff(CanonicalMath.Exp(x), Math.Exp(x)));
        }

        Assert.InRange(worst, 0, 2.0);
        Assert.Equal(0, CanonicalMath.Exp(-700.001));
        Assert.Equal(1, CanonicalMath.Exp(0d));
    }

    [Fact]
    public void The_logarithm_is_at_most_three_ulps_off()
    {
        double worst = 0;
        for (int i = 0; i < 100_000; i++)
        {
            double near = 0.5 + i * 1.5e-5,
                wide = Math.ScaleB(1 + i * 9.9e-6, i % 2000 - 1000);
            worst = Math.Max(
                worst,
                Math.Max(
                    UlpsOff(CanonicalMath.Log(near), Math.Log(near)),
                    UlpsOff(CanonicalMath.Log(wide), Math.Log(wide))
                )
            );
        }

        Assert.InRange(worst, 0, 3.0);
        Assert.Equal(0, CanonicalMath.Log(1));
    }

    [Fact]
    public void Sine_and_cosine_are_within_an_ulp_of_one_up_to_two_to_the_26()
    {
        double worst = 0;
        for (int i = 0; i < 200_000; i++)
        {
            double x = i < 100_000 ? i * 1e-3 : (i - 100_000) * 671.08864 + i * 1e-4;
            (double sin, double cos) = CanonicalMath.SinCos(x);
            worst = Math.Max(worst, Math.Max(Math.Abs(sin - Math.Sin(x)), Math.Abs(cos - Math.Cos(x))));
        }

        Assert.InRange(worst, 0, Math.ScaleB(1, -52));
        Assert.Equal((0, 1), CanonicalMath.SinCos(0));
    }

    [Theory]
    [InlineData(1f, "402df854")]
    [InlineData(-1f, "3ebc5ab2")]
    [InlineData(0.1f, "3f8d763e")]
    [InlineData(-12.375f, "368db204")]
    [InlineData(-87f, "00b33687")]
    [InlineData(88f, "7ef882b7")]
    [InlineData(1e-8f, "3f800000")]
    public void The_single_precision_exponential_has_fixed_bits(float x, string bits) =>
        Assert.Equal(
            bits,
            BitConverter.SingleToUInt32Bits(PlainMath.Exp(x)).ToString("x8", CultureInfo.InvariantCulture)
        );

    [Theory]
    [InlineData(1, "4005bf0a8b145769", "0000000000000000", "3feaed548f090cee", "3fe14a280fb5068c")]
    [InlineData(10.5, "40e1bb7015e84d3b", "4002cf9dd4b12035", "bfec2677b8f04315", "bfde6f3270721e39")]
    [InlineData(0.001, "3ff0041919b7ee34", "c01ba18a998fffa0", "3f50624da5218a62", "3feffffef390876c")]
    [InlineData(511.75, "6e13afed5bf9e237", "4018f38b56d8d672", "3fd4b6f5ba00a747", "bfee47088a509200")]
    public void The_double_precision_functions_have_fixed_bits(double x, string exp, string log, string sin, string cos)
    {
        (double sine, double cosine) = CanonicalMath.SinCos(x);

        Assert.Equal(
            $"{exp} {log} {sin} {cos}",
            $"{Hex(CanonicalMath.Exp(x))} {Hex(CanonicalMath.Log(x))} {Hex(sine)} {Hex(cosine)}"
        );
    }

    private static string Hex(double value) =>
        BitConverter.DoubleToUInt64Bits(value).ToString("x16", CultureInfo.InvariantCulture);

    private static double UlpsOff(float actual, double exact) =>
        Math.Abs(actual - exact) / (MathF.BitIncrement((float)exact) - (float)exact);

    private static double UlpsOff(double actual, double exact) =>
        Math.Abs(actual - exact) / Math.Abs(Math.BitIncrement(exact) - exact);
}
