using DeterministicInference.Engine.Arithmetic;
using Xunit;

namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>Attention of one head against plain code, around the borders of the cache's blocks.</summary>
public sealed unsafe class HeadAttentionTests
{
    private const int BlockPositions = 64;
    private const float Untouched = 1234.5f;

    public static MatrixTheoryData<string, int> Cases { get; } =
        new(LaneKinds.All.Select(row => row.Data), [8, 16, 32, 64, 80]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attention_is_a_softmax_in_the_written_order(string lanes, int width)
    {
        foreach (int count in (int[])[1, 2, 3, 4, 5, 16, 17, 63, 64, 65, 66, 67, 127, 128, 129, 200])
            Check(lanes, width, count);
    }

    private static void Check(string lanes, int width, int count)
    {
        float[] query = [.. SeededValues.Singles(width, 1).Select(value => value * 4)];
        float[][] keys = [.. Enumerable.Range(0, count).Select(j => SeededValues.Singles(width, 1000 + (ulong)j))];
        float[][] values = [.. Enumerable.Range(0, count).Select(j => SeededValues.Singles(width, 5000 + (ulong)j))];
        float[] expected = [.. PlainAttention.Head(SummationOrder.Canonical, query, keys, values), Untouched];

        int padded = Instructions.Padded(width);
        float[] actual = new float[width + 1],
            paddedQuery = new float[padded],
            scores = new float[Instructions.Padded(count)];
        Array.Fill(actual, Untouched);
        // Scores of an earlier, longer sequence must not matter.
        Array.Fill(scores, Untouched);
        query.CopyTo(paddedQuery, 0);
        List<AlignedBuffer> blocks = [];
        nint[] keyBlocks = Blocks(keys, padded, blocks),
            valueBlocks = Blocks(values, padded, blocks);
        fixed (
            float* q = paddedQuery,
                s = scores,
                output = actual
        )
        fixed (
            nint* k = keyBlocks,
                v = valueBlocks
        )
        {
            LaneKinds.Run(
                lanes,
                new HeadAttention((nint)q, (nint)k, (nint)v, BlockPositions, count, width, (nint)s, (nint)output)
            );
        }
        blocks.ForEach(block => block.Dispose());

        Bits.Equal(expected, actual, $"width {width}, {count} positions");
    }

    private static nint[] Blocks(float[][] vectors, int padded, List<AlignedBuffer> all)
    {
        var pointers = new List<nint>();
        foreach (float[][] chunk in vectors.Chunk(BlockPositions))
        {
            AlignedBuffer block = AlignedBuffer.OfSingles(BlockPositions * padded);
            for (int j = 0; j < chunk.Length; j++)
                chunk[j].CopyTo(new Span<float>(block.Singles + j * padded, padded));
            all.Add(block);
            pointers.Add((nint)block.Singles);
        }
        return [.. pointers];
    }
}
