using System.Runtime.CompilerServices;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>
/// Attention of one query head of one token over the positions 0 … Count−1 of its sequence: scores are canonical dot
/// products times 1/√d; softmax with the canonical sum; value j is added to accumulator j mod 4, in rising order.
/// </summary>
/// <param name="Query">[padded head width].</param>
/// <param name="KeyBlocks">
/// Pointers to this head's keys of each block, [positions per block, padded head width].
/// </param>
/// <param name="ValueBlocks">The same for the values.</param>
/// <param name="BlockPositions">Positions per block.</param>
/// <param name="Count">Positions attended to, the token's own included.</param>
/// <param name="Width">Head width.</param>
/// <param name="Scores">Scratch for Count values, padded to whole lanes.</param>
/// <param name="Output">[head width], not padded.</param>
internal readonly unsafe record struct HeadAttention(
    nint Query,
    nint KeyBlocks,
    nint ValueBlocks,
    int BlockPositions,
    int Count,
    int Width,
    nint Scores,
    nint Output
) : ILaneKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        float* scores = (float*)Scores;
        int padded = Instructions.Padded(Width);
        float maximum = Score<TLanes>(scores, padded);

        float sum;
        new ExponentialSum(Scores, Count, maximum, (nint)(&sum)).Run<TLanes>();

        float* lanes = stackalloc float[Instructions.Lanes];
        TLanes divisor = TLanes.Broadcast(sum);
        for (int column = 0; column < Width; column += Instructions.Lanes)
        {
            TLanes.Store(TLanes.Divide(WeightedValues<TLanes>(scores, column, padded), divisor), lanes);
            new Span<float>(lanes, Math.Min(Instructions.Lanes, Width - column)).CopyTo(
                new Span<float>((float*)Output + column, Width - column)
            );
        }
    }

    private float Score<TLanes>(float* scores, int padded)
        where TLanes : struct, ILanes<TLanes>
    {
        float scale = 1f / MathF.Sqrt(Width);
        float maximum = float.NegativeInfinity;
        float* query = (float*)Query;
        for (int start = 0; start < Count; start += BlockPositions)
        {
            float* keys = ((float**)KeyBlocks)[start / BlockPositions];
            int end = Math.Min(BlockPositions, Count - start);
            for (int j = 0; j < end; j++)
            {
                float score = Dot.Product<TLanes>(query, keys + (long)j * padded, padded) * scale;
                scores[start + j] = score;
                if (score > maximum)
                    maximum = score;
            }
        }
        return maximum;
    }

    /// <summary>
    /// Sixteen columns of Σ score·value. A block's length is a multiple of four, so j mod 4 restarts with it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TLanes WeightedValues<TLanes>(float* scores, int column, int padded)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes s0 = TLanes.Broadcast(0),
            s1 = s0,
            s2 = s0,
            s3 = s0;
        for (int start = 0; start < Count; start += BlockPositions)
        {
            float* values = ((float**)ValueBlocks)[start / BlockPositions] + column;
            float* weights = scores + start;
            int end = Math.Min(BlockPositions, Count - start),
                j = 0;
            for (; j + 4 <= end; j += 4, values += 4L * padded)
            {
                s0 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[j]), TLanes.Load(values), s0);
                s1 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[j + 1]), TLanes.Load(values + padded), s1);
                s2 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[j + 2]), TLanes.Load(values + 2 * padded), s2);
                s3 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[j + 3]), TLanes.Load(values + 3 * padded), s3);
            }
            if (j < end)
                s0 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[j]), TLanes.Load(values), s0);
            if (j + 1 < end)
                s1 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[j + 1]), TLanes.Load(values + padded), s1);
            if (j + 2 < end)
                s2 = TLanes.FusedMultiplyAdd(TLanes.Broadcast(weights[j + 2]), TLanes.Load(values + 2 * padded), s2);
        }
        return TLanes.Add(TLanes.Add(s0, s1), TLanes.Add(s2, s3));
    }
}
