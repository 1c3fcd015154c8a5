using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Receipts.Tests.Log;

/// <summary>
/// Trees of tests, kept as a store keeps them, and the definition of RFC 6962 written down as it stands there.
/// </summary>
internal sealed class Leaves
{
    private readonly Dictionary<(int Level, long Index), ReadOnlyMemory<byte>> _stored = [];

    private long _storedSize;

    public MerkleTree Tree { get; private set; } = new();

    public List<Sha256Value> Hashes { get; } = [];

    public IReadOnlyDictionary<(int Level, long Index), ReadOnlyMemory<byte>> Stored => _stored;

    public static Leaves Numbered(int count)
    {
        var leaves = new Leaves();
        leaves.Grow(count);
        return leaves;
    }

    public ReadOnlyMemory<byte> Read(int level, long index) => _stored.GetValueOrDefault((level, index));

    public void Grow(int count)
    {
        for (int i = 0; i < count; i++)
            Add(BitConverter.GetBytes(Hashes.Count));
        Store();
    }

    public void Add(ReadOnlySpan<byte> entry)
    {
        Hashes.Add(MerkleHash.Leaf(entry));
        Assert(Tree.Append(Hashes[^1]) == Hashes.Count - 1);
    }

    public void Store()
    {
        foreach (Tile tile in Tree.GrownSince(_storedSize))
            _stored[(tile.Level, tile.Index)] = tile.Hashes;
        Tree.Keep();
        _storedSize = Tree.Size;
    }

    public void Reload() => Tree = MerkleTree.Load(Hashes.Count, Read);

    /// <summary>MTH of RFC 6962, section 2.1.</summary>
    public static Sha256Value Definition(ReadOnlySpan<Sha256Value> leaves)
    {
        if (leaves.Length == 0)
            return MerkleHash.Empty;
        if (leaves.Length == 1)
            return leaves[0];
        int k = 1;
        while (2 * k < leaves.Length)
            k *= 2;
        return MerkleHash.Node(Definition(leaves[..k]), Definition(leaves[k..]));
    }

    private static void Assert(bool condition) => Xunit.Assert.True(condition);
}
