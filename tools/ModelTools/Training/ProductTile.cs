using System.Runtime.CompilerServices;
using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// The innermost product: C[8, 32] = (C or 0) + A[8, K]·B[K, 32] in outer-product form. Every output is one chain of
/// fused multiply-adds in the order of k and every vector lane is another output, so neither the vector width nor the
/// number of outputs held in registers can change a bit.
/// </summary>
internal static unsafe class ProductTile<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    public const int Rows = 8;
    public const int Columns = MatrixPacking.PanelWidth;

    /// <summary>Computes one tile.</summary>
    /// <param name="a">A[0, 0]; A[r, k] is at a[r·aRow + k·aDepth].</param>
    /// <param name="b">B[0, 0] within a panel.</param>
    /// <param name="c">C[0, 0]; C[r, n] is at c[r·cRow + n].</param>
    /// <param name="proceed">Whether to continue the chains that C holds instead of starting from zero.</param>
    public static void Run(float* a, nint aRow, nint aDepth, float* b, int depth, float* c, nint cRow, bool proceed)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            EightByTwo(a, aRow, aDepth, b, depth, c, cRow, proceed);
            return;
        }
        for (int row = 0; row < Rows; row += 4)
        {
            for (int column = 0; column < Columns; column += ILanes<TLanes>.Count)
            {
                FourByOne(a + row * aRow, aRow, aDepth, b + column, depth, c + row * cRow + column, cRow, proceed);
            }
        }
    }

    /// <summary>Eight rows by two lane groups: sixteen accumulators, for 32 vector registers.</summary>
    private static void EightByTwo(
        float* a,
        nint aRow,
        nint aDepth,
        float* b,
        int depth,
        float* c,
        nint cRow,
        bool proceed
    )
    {
        float* c4 = c + 4 * cRow;
        nint cRow3 = 3 * cRow;
        TLanes c00 = Start(c, proceed),
            c01 = Start(c + 16, proceed);
        TLanes c10 = Start(c + cRow, proceed),
            c11 = Start(c + cRow + 16, proceed);
        TLanes c20 = Start(c + 2 * cRow, proceed),
            c21 = Start(c + 2 * cRow + 16, proceed);
        TLanes c30 = Start(c + cRow3, proceed),
            c31 = Start(c + cRow3 + 16, proceed);
        TLanes c40 = Start(c4, proceed),
            c41 = Start(c4 + 16, proceed);
        TLanes c50 = Start(c4 + cRow, proceed),
            c51 = Start(c4 + cRow + 16, proceed);
        TLanes c60 = Start(c4 + 2 * cRow, proceed),
            c61 = Start(c4 + 2 * cRow + 16, proceed);
        TLanes c70 = Start(c4 + cRow3, proceed),
            c71 = Start(c4 + cRow3 + 16, proceed);

        float* a4 = a + 4 * aRow;
        nint aRow2 = 2 * aRow,
            aRow3 = 3 * aRow;
        for (int k = 0; k < depth; k++)
        {
            TLanes b0 = TLanes.Load(b),
                b1 = TLanes.Load(b + 16);
            TLanes x = TLanes.Broadcast(a[0]);
            c00 = TLanes.FusedMultiplyAdd(x, b0, c00);
            c01 = TLanes.FusedMultiplyAdd(x, b1, c01);
            x = TLanes.Broadcast(a[aRow]);
            c10 = TLanes.FusedMultiplyAdd(x, b0, c10);
            c11 = TLanes.FusedMultiplyAdd(x, b1, c11);
            x = TLanes.Broadcast(a[aRow2]);
            c20 = TLanes.FusedMultiplyAdd(x, b0, c20);
            c21 = TLanes.FusedMultiplyAdd(x, b1, c21);
            x = TLanes.Broadcast(a[aRow3]);
            c30 = TLanes.FusedMultiplyAdd(x, b0, c30);
            c31 = TLanes.FusedMultiplyAdd(x, b1, c31);
            x = TLanes.Broadcast(a4[0]);
            c40 = TLanes.FusedMultiplyAdd(x, b0, c40);
            c41 = TLanes.FusedMultiplyAdd(x, b1, c41);
            x = TLanes.Broadcast(a4[aRow]);
            c50 = TLanes.FusedMultiplyAdd(x, b0, c50);
            c51 = TLanes.FusedMultiplyAdd(x, b1, c51);
            x = TLanes.Broadcast(a4[aRow2]);
            c60 = TLanes.FusedMultiplyAdd(x, b0, c60);
            c61 = TLanes.FusedMultiplyAdd(x, b1, c61);
            x = TLanes.Broadcast(a4[aRow3]);
            c70 = TLanes.FusedMultiplyAdd(x, b0, c70);
            c71 = TLanes.FusedMultiplyAdd(x, b1, c71);
            a += aDepth;
            a4 += aDepth;
            b += Columns;
        }

        Store(c00, c01, c);
        Store(c10, c11, c + cRow);
        Store(c20, c21, c + 2 * cRow);
        Store(c30, c31, c + cRow3);
        Store(c40, c41, c4);
        Store(c50, c51, c4 + cRow);
        Store(c60, c61, c4 + 2 * cRow);
        Store(c70, c71, c4 + cRow3);
    }

    /// <summary>Four rows by one lane group: eight 256-bit accumulators, for 16 vector registers.</summary>
    private static void FourByOne(
        float* a,
        nint aRow,
        nint aDepth,
        float* b,
        int depth,
        float* c,
        nint cRow,
        bool proceed
    )
    {
        TLanes c0 = Start(c, proceed),
            c1 = Start(c + cRow, proceed);
        TLanes c2 = Start(c + 2 * cRow, proceed),
            c3 = Start(c + 3 * cRow, proceed);
        nint aRow2 = 2 * aRow,
            aRow3 = 3 * aRow;
        for (int k = 0; k < depth; k++)
        {
            TLanes b0 = TLanes.Load(b);
            c0 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(a[0]), b0, c0);
            c1 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(a[aRow]), b0, c1);
            c2 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(a[aRow2]), b0, c2);
            c3 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(a[aRow3]), b0, c3);
            a += aDepth;
            b += Columns;
        }
        TLanes.Store(c0, c);
        TLanes.Store(c1, c + cRow);
        TLanes.Store(c2, c + 2 * cRow);
        TLanes.Store(c3, c + 3 * cRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Start(float* c, bool proceed) => proceed ? TLanes.Load(c) : TLanes.Broadcast(0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(TLanes low, TLanes high, float* c)
    {
        TLanes.Store(low, c);
        TLanes.Store(high, c + 16);
    }
}
