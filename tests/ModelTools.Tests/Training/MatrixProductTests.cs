using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.ModelTools.Model;
using DeterministicInference.ModelTools.Training;
using Xunit;

namespace ModelTools.Tests.Training;

/// <summary>Products against one chain of fused multiply-adds per output, bit for bit.</summary>
public sealed unsafe class MatrixProductTests
{
    private const int Rows = 24;
    private const int Columns = 64;

    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(128)]
    [InlineData(300)]
    public void Every_output_is_one_chain_in_the_order_of_k(int depth)
    {
        Check<LanesScalar>(depth);
        Check<Lanes128>(depth);
        Check<Lanes256>(depth);
        Check<Lanes512>(depth);
    }

    [Theory]
    [InlineData((int)ProductRegion.LowerLeft)]
    [InlineData((int)ProductRegion.UpperLeft)]
    public void Skipping_the_zero_half_of_a_triangle_changes_nothing(int region)
    {
        const int Size = 160;
        using NativeBuffer a = Random(1, Size * Size),
            b = Random(2, Size * Columns);
        using NativeBuffer whole = Random(3, Size * Columns),
            part = Random(4, Size * Columns);
        for (int i = 0; i < Size; i++)
        {
            for (int k = 0; k < Size; k++)
            {
                bool zero = region == (int)ProductRegion.LowerLeft ? k > i : k < i;
                if (zero)
                    a.Span[i * Size + k] = 0;
            }
        }

        MatrixProduct<Lanes256>.Multiply(a.Pointer, Size, 1, Size, b.Pointer, Size, Columns, whole.Pointer, Columns);
        MatrixProduct<Lanes256>.Multiply(
            a.Pointer,
            Size,
            1,
            Size,
            b.Pointer,
            Size,
            Columns,
            part.Pointer,
            Columns,
            (ProductRegion)region
        );

        Assert.Equal(whole.Span, part.Span);
    }

    [Fact]
    public void A_product_of_depth_zero_is_zero()
    {
        using NativeBuffer c = Random(1, Rows * Columns);

        MatrixProduct<Lanes256>.Multiply(c.Pointer, 1, 1, Rows, c.Pointer, 0, Columns, c.Pointer, Columns);

        Assert.All(c.Span.ToArray(), value => Assert.Equal(0f, value));
    }

    private static void Check<TLanes>(int depth)
        where TLanes : struct, ILanes<TLanes>
    {
        foreach (bool transposed in (bool[])[false, true])
        {
            nint aRow = transposed ? 1 : depth + 3,
                aDepth = transposed ? Rows + 5 : 1;
            using NativeBuffer a = Random(1, (Rows + 5) * (depth + 3)),
                b = Random(2, depth * Columns);
            using NativeBuffer packed = new(depth * Columns),
                c = Random(3, Rows * (Columns + 16));
            float[] before = c.Span.ToArray();
            MatrixPacking.PackRows(b.Pointer, Columns, depth, depth, Columns, packed.Pointer);

            foreach (bool proceed in (bool[])[true, false])
            {
                before.CopyTo(c.Span);
                MatrixProduct<TLanes>.Multiply(
                    a.Pointer,
                    aRow,
                    aDepth,
                    Rows,
                    packed.Pointer,
                    depth,
                    Columns,
                    c.Pointer,
                    Columns + 16,
                    proceed: proceed
                );

                for (int m = 0; m < Rows; m++)
                {
                    for (int n = 0; n < Columns; n++)
                    {
                        float expected = proceed ? before[m * (Columns + 16) + n] : 0f;
                        for (int k = 0; k < depth; k++)
                        {
                            expected = MathF.FusedMultiplyAdd(
                                a.Pointer[m * aRow + k * aDepth],
                                b.Pointer[k * Columns + n],
                                expected
                            );
                        }
                        Assert.Equal(
                            BitConverter.SingleToUInt32Bits(expected),
                            BitConverter.SingleToUInt32Bits(c.Span[m * (Columns + 16) + n])
                        );
                    }
                }
            }
        }
    }

    private static NativeBuffer Random(ulong seed, int length)
    {
        NativeBuffer buffer = new(length);
        SeededNormal normal = new(seed, 0);
        for (int i = 0; i < length; i++)
            buffer.Span[i] = normal.At(i);
        return buffer;
    }
}
