using DeterministicInference.Engine.Arithmetic;
using Xunit;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>Every width gives, lane by lane, the bits of the one IEEE 754 operation that the interface names.</summary>
public sealed unsafe class LanesTests
{
    private static readonly float[] Edges =
    [
        0f,
        -0f,
        1f,
        -1f,
        0.5f,
        -0.5f,
        1.5f,
        -2.5f,
        float.Epsilon,
        -float.Epsilon,
        1.17549421e-38f,
        -1.17549421e-38f,
        1.17549435e-38f,
        -1.17549435e-38f,
        float.MaxValue,
        float.MinValue,
        float.PositiveInfinity,
        float.NegativeInfinity,
        float.NaN,
        -87f,
        float.BitIncrement(-87f),
        float.BitDecrement(-87f),
        88f,
        float.BitIncrement(88f),
        float.BitDecrement(88f),
        8388607.5f,
        -8388607.5f,
        16777216f,
        3.4e-20f,
        -2.9e19f,
        0.1f,
    ];

    public static MatrixTheoryData<string, LaneOperationKind> Cases { get; } =
        new(
            LaneKinds.All.Select(row => row.Data),
            Enum.GetValues<LaneOperationKind>().Where(kind => kind != LaneOperationKind.PowerOfTwo)
        );

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_operation_gives_the_specified_bits_for_all_edge_values(string lanes, LaneOperationKind operation)
    {
        int n = Edges.Length;
        float[] a = new float[n * n * n],
            b = new float[a.Length],
            c = new float[a.Length];
        for (int i = 0; i < a.Length; i++)
            (a[i], b[i], c[i]) = (Edges[i % n], Edges[i / n % n], Edges[i / n / n]);

        Check(lanes, operation, a, b, c);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void An_operation_gives_the_specified_bits_for_random_bit_patterns(string lanes, LaneOperationKind operation)
    {
        const int count = 20_000;
        float[] a = new float[count],
            b = new float[count],
            c = new float[count];
        for (int i = 0; i < count; i++)
        {
            a[i] = BitConverter.UInt32BitsToSingle(SeededValues.Word(1, i));
            b[i] = BitConverter.UInt32BitsToSingle(SeededValues.Word(2, i));
            c[i] = BitConverter.UInt32BitsToSingle(SeededValues.Word(3, i));
        }

        Check(lanes, operation, a, b, c);
    }

    [Theory]
    [MemberData(nameof(LaneKinds.All), MemberType = typeof(LaneKinds))]
    public void Powers_of_two_are_exact_over_the_whole_range(string lanes)
    {
        float[] n = [.. Enumerable.Range(-126, 254).Select(value => (float)value)];

        Check(lanes, LaneOperationKind.PowerOfTwo, n, n, n);
        Assert.Equal(Math.ScaleB(1, -126), LaneOperation.Specified(LaneOperationKind.PowerOfTwo, -126, 0, 0));
    }

    [Theory]
    [MemberData(nameof(LaneKinds.All), MemberType = typeof(LaneKinds))]
    public void The_exponential_gives_the_specified_bits_across_its_range(string lanes)
    {
        float[] x = new float[60_000];
        for (int i = 0; i < x.Length; i++)
            x[i] = -90f + 180f * i / x.Length;

        Check(lanes, LaneOperationKind.Exp, x, x, x);
    }

    [Theory]
    [MemberData(nameof(LaneKinds.All), MemberType = typeof(LaneKinds))]
    public void The_sum_of_lanes_goes_by_halves(string lanes)
    {
        for (ulong stream = 0; stream < 200; stream++)
        {
            float[] values = SeededValues.Singles(16, stream);
            float[] halves = [.. values];
            for (int half = 8; half > 0; half /= 2)
            {
                for (int i = 0; i < half; i++)
                    halves[i] += halves[i + half];
            }
            float result;
            fixed (float* source = values)
                LaneKinds.Run(lanes, new LaneSum((nint)source, (nint)(&result)));

            Bits.Equal(halves[0], result, $"sum of stream {stream}");
        }
    }

    [Theory]
    [MemberData(nameof(LaneKinds.All), MemberType = typeof(LaneKinds))]
    public void All_bfloat16_values_widen_exactly(string lanes)
    {
        ushort[] stored = [.. Enumerable.Range(0, 65536).Select(value => (ushort)value)];
        var widened = new float[stored.Length];
        fixed (ushort* source = stored)
        fixed (float* target = widened)
            LaneKinds.Run(lanes, new Widening((nint)source, (nint)target, stored.Length));

        Bits.Equal(
            [.. stored.Select(value => BitConverter.UInt32BitsToSingle((uint)value << 16))],
            widened,
            "bfloat16"
        );
    }

    private static void Check(string lanes, LaneOperationKind operation, float[] a, float[] b, float[] c)
    {
        int padded = Instructions.Padded(a.Length);
        Array.Resize(ref a, padded);
        Array.Resize(ref b, padded);
        Array.Resize(ref c, padded);
        float[] actual = new float[padded],
            expected = new float[padded];
        for (int i = 0; i < padded; i++)
            expected[i] = LaneOperation.Specified(operation, a[i], b[i], c[i]);
        fixed (
            float* pa = a,
                pb = b,
                pc = c,
                result = actual
        )
        {
            LaneKinds.Run(lanes, new LaneOperation(operation, (nint)pa, (nint)pb, (nint)pc, (nint)result, padded));
        }

        int different = Bits.FirstDifference(expected, actual);
        if (different >= 0)
        {
            Bits.Equal(
                expected[different],
                actual[different],
                $"{operation}({a[different]:R}, {b[different]:R}, {c[different]:R})"
            );
        }
    }

    private readonly record struct LaneSum(nint Source, nint Result) : ILaneKernel
    {
        public void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes> => *(float*)Result = TLanes.Sum(TLanes.Load((float*)Source));
    }

    private readonly record struct Widening(nint Source, nint Target, int Length) : ILaneKernel
    {
        public void Run<TLanes>()
            where TLanes : struct, ILanes<TLanes>
        {
            for (int i = 0; i < Length; i += 16)
                TLanes.Store(TLanes.Load((ushort*)Source + i), (float*)Target + i);
        }
    }
}
