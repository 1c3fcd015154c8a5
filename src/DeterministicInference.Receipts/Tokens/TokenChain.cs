using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Receipts.Tokens;

/// <summary>
/// Hash chains over generated token ids as the engine reports them, one per choice:
/// h₀ = H("dis-tokens/2" LF || salt || u32(i)), hₖ = H(hₖ₋₁ || u32(idₖ)), numbers big-endian. Keeps 32 bytes per chain
/// and two per token. For one caller at a time.
/// </summary>
/// <param name="salt">The receipt's for tokens.</param>
internal sealed class TokenChain(Salt salt)
{
    private const string Form = "dis-tokens/2";

    private readonly SortedDictionary<int, Chain> _chains = [];

    /// <summary>Adds tokens to the chain of a choice; with none, the chain exists all the same.</summary>
    /// <param name="index">Of the choice, from 0.</param>
    /// <param name="ids">In order.</param>
    public void Append(int index, ReadOnlySpan<uint> ids)
    {
        Chain chain = ChainOf(index);
        foreach (uint id in ids)
            chain.Add(id);
    }

    /// <summary>Adds one token to the chain of a choice.</summary>
    /// <param name="index">Of the choice, from 0.</param>
    /// <param name="id">The token.</param>
    public void Append(int index, uint id) => ChainOf(index).Add(id);

    /// <summary>The digest of what was added so far.</summary>
    /// <exception cref="InvalidOperationException">
    /// There is no chain, or one of 0 … n−1 is missing: the ids were not reported in full.
    /// </exception>
    public TokenDigest Current()
    {
        if (_chains.Count == 0 || _chains.Keys.Max() != _chains.Count - 1)
            throw new InvalidOperationException("The token ids of a choice are missing.");
        var lines = new StringBuilder($"{Form}\n");
        foreach ((int index, Chain chain) in _chains)
            lines.Append(CultureInfo.InvariantCulture, $"{index} {chain.Count} {chain.Head}\n");
        var trail = new List<byte>(2 * (int)Total);
        foreach (Chain chain in _chains.Values)
            trail.AddRange(chain.Trail);
        return new TokenDigest(
            Sha256Value.Of(Encoding.ASCII.GetBytes(lines.ToString())),
            [.. _chains.Values.Select(chain => chain.Count)],
            trail.ToArray()
        );
    }

    /// <summary>Is there a chain for each of 0 … <paramref name="count"/>−1, and no other?</summary>
    internal bool HasExactly(int count) => count > 0 && _chains.Count == count && _chains.Keys.Max() == count - 1;

    internal bool Has(int index) => _chains.ContainsKey(index);

    /// <summary>Tokens of all chains.</summary>
    internal long Total => _chains.Values.Sum(chain => (long)chain.Count);

    private Chain ChainOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (!_chains.TryGetValue(index, out Chain? chain))
            _chains.Add(index, chain = new Chain(Start(index)));
        return chain;
    }

    private byte[] Start(int index)
    {
        byte[] prefix = Encoding.ASCII.GetBytes($"{Form}\n");
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, (uint)index);
        return SHA256.HashData([.. prefix, .. salt.Bytes, .. number]);
    }

    private sealed class Chain
    {
        /// <summary>
        /// One for all chains of a thread: a hash that is made anew for each of the short links takes half as long
        /// again.
        /// </summary>
        [ThreadStatic]
        private static IncrementalHash? _hash;

        private readonly byte[] _link = new byte[Sha256Value.Size + 4];

        public Chain(byte[] start) => start.CopyTo(_link, 0);

        public int Count { get; private set; }

        public List<byte> Trail { get; } = [];

        public Sha256Value Head => new(_link.AsSpan(0, Sha256Value.Size));

        public void Add(uint id)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_link.AsSpan(Sha256Value.Size), id);
            _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            _hash.AppendData(_link);
            _hash.GetHashAndReset(_link);
            Trail.Add(_link[0]);
            Trail.Add(_link[1]);
            Count++;
        }
    }
}

/// <summary>The token ids of an answer, or of its prompts, as a receipt binds them.</summary>
/// <param name="Digest">Over the ends of the chains.</param>
/// <param name="Counts">Tokens of each choice or prompt.</param>
/// <param name="Trail">
/// The first two bytes of every link, one chain after the other: with the salt, it gives the tokens away. Empty for
/// prompts.
/// </param>
internal sealed record TokenDigest(Sha256Value Digest, IReadOnlyList<int> Counts, ReadOnlyMemory<byte> Trail)
{
    /// <summary>The SHA-256 of the trail.</summary>
    public Sha256Value TrailDigest => Sha256Value.Of(Trail.Span);
}
