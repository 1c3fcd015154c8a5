using System.Numerics;

namespace DeterministicInference.Receipts.Log;

/// <summary>Hashes of subtrees, computed from stored tiles.</summary>
internal sealed class SubtreeHashes(TileReader read)
{
    /// <summary>
    /// The tree hash of the leaves from <paramref name="start"/> up to <paramref name="end"/> (RFC 6962, section 2.1).
    /// </summary>
    /// <exception cref="InvalidDataException">A tile is missing or too short.</exception>
    public Sha256Value Range(long start, long end)
    {
        long count = end - start;
        if (count == 0)
            return MerkleHash.Empty;
        if (BitOperations.IsPow2(count))
            return Complete(BitOperations.Log2((ulong)count), start / count);
        long left = Split(count);
        return MerkleHash.Node(Range(start, start + left), Range(start + left, end));
    }

    /// <summary>The largest power of two that is less than <paramref name="count"/>, which is at least 2.</summary>
    public static long Split(long count) => 1L << BitOperations.Log2((ulong)(count - 1));

    /// <summary>The root of a power of two of neighbouring hashes.</summary>
    public static Sha256Value Root(ReadOnlySpan<byte> hashes)
    {
        if (hashes.Length == Sha256Value.Size)
            return new Sha256Value(hashes);
        int half = hashes.Length / 2;
        return MerkleHash.Node(Root(hashes[..half]), Root(hashes[half..]));
    }

    /// <summary>The root of the complete subtree of 2^height leaves at a position among those of its height.</summary>
    private Sha256Value Complete(int height, long position)
    {
        int level = height / 8,
            within = height % 8;
        long first = position << within;
        ReadOnlySpan<byte> tile = read(level, first / TilePath.FullWidth).Span;
        int offset = (int)(first % TilePath.FullWidth) * Sha256Value.Size,
            length = Sha256Value.Size << within;
        if (tile.Length < offset + length)
        {
            var path = new TilePath(level, first / TilePath.FullWidth, TilePath.FullWidth);
            throw new InvalidDataException($"{path} holds {tile.Length} bytes, {offset + length} are needed");
        }
        return Root(tile.Slice(offset, length));
    }
}
