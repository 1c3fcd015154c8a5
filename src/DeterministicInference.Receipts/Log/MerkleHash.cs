using System.Buffers;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// The hashes of an RFC 6962 Merkle tree over SHA-256. Leaves and inner nodes have different prefixes, so none can pass
/// for the other.
/// </summary>
internal static class MerkleHash
{
    private const byte LeafPrefix = 0,
        NodePrefix = 1;

    /// <summary>The root of the tree without leaves: the SHA-256 of nothing.</summary>
    public static Sha256Value Empty { get; } = Sha256Value.Of([]);

    /// <summary><c>H(0x00 || entry)</c>.</summary>
    public static Sha256Value Leaf(ReadOnlySpan<byte> entry)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(entry.Length + 1);
        buffer[0] = LeafPrefix;
        entry.CopyTo(buffer.AsSpan(1));
        Sha256Value hash = Sha256Value.Of(buffer.AsSpan(0, entry.Length + 1));
        ArrayPool<byte>.Shared.Return(buffer);
        return hash;
    }

    /// <summary><c>H(0x01 || left || right)</c>.</summary>
    public static Sha256Value Node(Sha256Value left, Sha256Value right)
    {
        Span<byte> input = stackalloc byte[1 + 2 * Sha256Value.Size];
        input[0] = NodePrefix;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + Sha256Value.Size)..]);
        return Sha256Value.Of(input);
    }
}
