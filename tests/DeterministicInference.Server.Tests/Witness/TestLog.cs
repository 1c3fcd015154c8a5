using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Tests.Witness;

/// <summary>A log in memory, which can show any history.</summary>
internal sealed class TestLog : IDisposable
{
    private readonly SigningKey _key;
    private readonly List<Sha256Value> _leaves;

    public TestLog(string origin = "log.example/a")
        : this(origin, SigningKey.Create(), []) { }

    private TestLog(string origin, SigningKey key, List<Sha256Value> leaves)
    {
        (_key, _leaves) = (key, leaves);
        Key = new NoteKey(origin, key.PublicKey);
    }

    public NoteKey Key { get; }

    /// <summary>The same log with another history from an entry on.</summary>
    public TestLog Fork(int from)
    {
        var fork = new TestLog(Key.Name, SigningKey.FromPem(_key.ToPem()), [.. _leaves.Take(from)]);
        fork.Grow(_leaves.Count - from, "other");
        return fork;
    }

    public void Grow(int count, string text = "entry")
    {
        for (int i = 0; i < count; i++)
            _leaves.Add(Sha256Value.Of(System.Text.Encoding.UTF8.GetBytes($"{text} {_leaves.Count}")));
    }

    public SignedNote Checkpoint(long size) => new Checkpoint(Key.Name, size, Root(0, size)).Sign(_key);

    public IReadOnlyList<Sha256Value> Consistency(long from, long to) => MerkleProof.Consistency(from, to, Tile);

    public void Dispose() => _key.Dispose();

    private ReadOnlyMemory<byte> Tile(int level, long index)
    {
        long width = 1L << (8 * level);
        List<byte> hashes = [];
        for (long i = index * 256; i < (index + 1) * 256 && (i + 1) * width <= _leaves.Count; i++)
            hashes.AddRange(Root(i * width, (i + 1) * width).ToArray());
        return hashes.ToArray();
    }

    /// <summary>RFC 6962, section 2.1, as it stands there.</summary>
    private Sha256Value Root(long start, long end)
    {
        if (end == start)
            return MerkleHash.Empty;
        if (end - start == 1)
            return _leaves[(int)start];
        long split = 1;
        while (split * 2 < end - start)
            split *= 2;
        return MerkleHash.Node(Root(start, start + split), Root(start + split, end));
    }
}
