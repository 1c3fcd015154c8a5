using DeterministicInference.Engine.Arithmetic;
using Xunit;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>
/// Sums and elementwise kernels against plain code in the written order, for every width of registers.
/// </summary>
public sealed unsafe class KernelTests
{
    private const float Untouched = 1234.5f;

    public static MatrixTheoryData<string, int> Lengths { get; } =
        new(LaneKinds.All.Select(row => row.Data), [1, 15, 16, 17, 32, 47, 48, 63, 64, 65, 100, 128, 172, 300]);

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Products_and_sums_add_in_the_canonical_order(string lanes, int length)
    {
        float[] a = Padded(SeededValues.Singles(length, 1)),
            b = Padded(SeededValues.Singles(length, 2));
        float product,
            sum;
        fixed (
            float* pa = a,
                pb = b
        )
            LaneKinds.Run(lanes, new Sums((nint)pa, (nint)pb, a.Length, (nint)(&product), (nint)(&sum)));

        Bits.Equal(SummationOrder.Canonical.Dot(a.AsSpan(0, length), b.AsSpan(0, length)), product, "product");
        Bits.Equal(SummationOrder.Canonical.Sum(a.AsSpan(0, length)), sum, "sum");
    }

    [Fact]
    public void The_order_shows_in_the_bits_of_most_sums()
    {
        int[] different = new int[4];
        for (ulong stream = 0; stream < 100; stream++)
        {
            float[] a = SeededValues.Singles(300, stream),
                b = SeededValues.Singles(300, stream + 1000);
            SummationOrder canonical = SummationOrder.Canonical;
            if (canonical.Dot(a, b) != new SequentialDot().Dot(a, b))
                different[0]++;
            if (canonical.Dot(a, b) != new RoundedProductDot().Dot(a, b))
                different[1]++;
            if (canonical.Sum(a) != new SequentialSum().Sum(a))
                different[2]++;
            if (canonical.WeightedSum(a, b) != new SequentialValues().WeightedSum(a, b))
                different[3]++;
        }

        Assert.All(different, count => Assert.InRange(count, 50, 100));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void The_norm_scales_by_the_root_mean_square_and_the_gain(string lanes, int length)
    {
        const float epsilon = 1e-5f;
        float[] x = Padded(SeededValues.Singles(length, 3)),
            gain = Padded(SeededValues.Singles(length, 4)),
            y = new float[x.Length];
        fixed (
            float* px = x,
                pg = gain,
                py = y
        )
            LaneKinds.Run(lanes, new RmsNorm((nint)px, (nint)pg, (nint)py, length, epsilon));

        ReadOnlySpan<float> values = x.AsSpan(0, length);
        float scale = 1f / MathF.Sqrt(SummationOrder.Canonical.Dot(values, values) / length + epsilon);
        Bits.Equal([.. x.Zip(gain, (value, factor) => value * scale * factor)], y, "norm");
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void SwiGlu_follows_its_formula_and_clears_the_padding(string lanes, int length)
    {
        // The gate reaches far into both tails of the exponential.
        float[] gate = [.. SeededValues.Singles(length, 5).Select(value => value * 120)],
            up = SeededValues.Singles(length, 6);
        float[] gateUp = [.. gate, .. up, .. new float[16]];
        float[] y = new float[Instructions.Padded(length)];
        Array.Fill(y, Untouched);
        fixed (
            float* source = gateUp,
                py = y
        )
            LaneKinds.Run(lanes, new SwiGlu((nint)source, (nint)py, length));

        Bits.Equal(Padded([.. gate.Zip(up, PlainMath.SwiGlu)]), y, "SwiGLU");
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Exponentials_are_summed_canonically_and_leave_zeros_behind(string lanes, int length)
    {
        float[] x = Padded([.. SeededValues.Singles(length, 7).Select(value => value * 50)]);
        float maximum = x.Max();
        float[] expected = Padded([.. x.Take(length).Select(value => PlainMath.Exp(value - maximum))]);
        // What lies behind the values must not matter.
        for (int i = length; i < x.Length; i++)
            x[i] = Untouched;
        float sum;
        fixed (float* px = x)
            LaneKinds.Run(lanes, new ExponentialSum((nint)px, length, maximum, (nint)(&sum)));

        Bits.Equal(expected, x, "exponential");
        Bits.Equal(SummationOrder.Canonical.Sum(expected.AsSpan(0, length)), sum, "sum");
    }

    [Theory]
    [MemberData(nameof(LaneKinds.All), MemberType = typeof(LaneKinds))]
    public void Adding_touches_no_value_behind_the_length(string lanes)
    {
        float[] x = [.. SeededValues.Singles(48, 8), Untouched],
            y = [.. SeededValues.Singles(48, 9), 1f];
        float[] expected = [.. x.Zip(y, (a, b) => a + b)];
        expected[48] = Untouched;
        fixed (
            float* px = x,
                py = y
        )
            LaneKinds.Run(lanes, new AddTo((nint)px, (nint)py, 48));

        Bits.Equal(expected, x, "sum");
    }

    private static float[] Padded(float[] values)
    {
        Array.Resize(ref values, Instructions.Padded(values.Length));
        return values;
    }

    private readonly record struct Sums(nint A, nint B, int Length, nint Product, nint Sum) : ILaneKernel
    {
        public void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            *(float*)Product = Dot.Product<TLanes>((float*)A, (float*)B, Length);
            *(float*)Sum = Dot.Sum<TLanes>((float*)A, Length);
        }
    }
}
