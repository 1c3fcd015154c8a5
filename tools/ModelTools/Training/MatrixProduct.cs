using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Matrix products C = A·B with a strided A and a packed B (<see cref="MatrixPacking"/>). Blocks over k only continue
/// the chains, so they keep the bits and exist for the sake of the first-level cache.
/// </summary>
internal static unsafe class MatrixProduct<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    /// <summary>k values per block: a panel block of 16 KiB stays in the first-level cache.</summary>
    private const int DepthBlock = 128;

    /// <summary>Computes C, or adds to it.</summary>
    /// <param name="a">A[0, 0]; A[m, k] is at a[m·aRow + k·aDepth].</param>
    /// <param name="rows">Rows of A and C, a multiple of 8.</param>
    /// <param name="packed">B [depth, columns] in panels.</param>
    /// <param name="depth">Length of the chains.</param>
    /// <param name="columns">Columns of B and C, a multiple of 32.</param>
    /// <param name="c">C[0, 0]; C[m, n] is at c[m·cRow + n].</param>
    /// <param name="region">What to compute.</param>
    /// <param name="proceed">Whether to continue from what C holds.</param>
    public static void Multiply(
        float* a,
        nint aRow,
        nint aDepth,
        int rows,
        float* packed,
        int depth,
        int columns,
        float* c,
        nint cRow,
        ProductRegion region = ProductRegion.All,
        bool proceed = false
    )
    {
        if (depth == 0 && !proceed)
        {
            for (int m = 0; m < rows; m++)
                new Span<float>(c + m * cRow, columns).Clear();
        }
        for (int block = 0; block < depth; block += DepthBlock)
        {
            int blockEnd = Math.Min(block + DepthBlock, depth);
            for (int n = 0; n < columns; n += ProductTile<TLanes>.Columns)
            {
                float* panel = packed + (nint)n * depth;
                int firstRow = region == ProductRegion.LowerOutput ? n & -ProductTile<TLanes>.Rows : 0;
                for (int m = firstRow; m < rows; m += ProductTile<TLanes>.Rows)
                {
                    int chainStart = region == ProductRegion.UpperLeft ? m : 0;
                    int chainEnd = region == ProductRegion.LowerLeft ? m + ProductTile<TLanes>.Rows : depth;
                    int start = Math.Max(block, chainStart);
                    int end = Math.Min(blockEnd, chainEnd);
                    if (start >= end)
                        continue;
                    ProductTile<TLanes>.Run(
                        a + m * aRow + start * aDepth,
                        aRow,
                        aDepth,
                        panel + (nint)start * ProductTile<TLanes>.Columns,
                        end - start,
                        c + m * cRow + n,
                        cRow,
                        proceed || start > chainStart
                    );
                }
            }
        }
    }
}
