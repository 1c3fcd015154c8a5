using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Receipts.Tokens;

/// <summary>
/// Hash chains over token ids as the engine reports them: h₀ = H(form LF || salt || u32(i)), hₖ = H(hₖ₋₁ || u32(idₖ)), numbers
/// big-endian. Keeps 32 bytes per chain and two per token. For one caller at a time.
/// </summary>
public sealed class TokenChain
{
    private readonly string form;
    private readonly Salt salt;
    private readonly SortedDictionary<int, Chain> chains = [];

    private TokenChain(string form, Salt salt)
    {
        ArgumentNullException.ThrowIfNull(salt);
        (this.form, this.salt) = (form, salt);
    }

    /// <summary>For the generated tokens, one chain per choice (<c>dis-tokens/1</c>).</summary>
    public static TokenChain OfChoices(Salt salt) => new("dis-tokens/1", salt);

    /// <summary>For the prompt's tokens, one chain per prompt (<c>dis-prompt/1</c>).</summary>
    public static TokenChain OfPrompts(Salt salt) => new("dis-prompt/1", salt);

    /// <summary>Adds tokens to the chain of a choice or prompt; with none, the chain exists all the same.</summary>
    /// <param name="index">Of the choice or prompt, from 0.</param>
    /// <param name="ids">In order.</param>
    public void Append(int index, ReadOnlySpan<uint> ids)
    {
        Chain chain = ChainOf(index);
        foreach (uint id in ids) chain.Add(id);
    }

    /// <summary>Adds one token to the chain of a choice or prompt.</summary>
    /// <param name="index">Of the choice or prompt, from 0.</param>
    /// <param name="id">The token.</param>
    public void Append(int index, uint id) => ChainOf(index).Add(id);

    /// <summary>The digest of what was added so far.</summary>
    /// <exception cref="InvalidOperationException">There is no chain, or one of 0 … n−1 is missing: the ids were not reported in full.</exception>
    public TokenDigest Current()
    {
        if (chains.Count == 0 || chains.Keys.Max() != chains.Count - 1) throw new InvalidOperationException("The token ids of a choice are missing.");
        var lines = new StringBuilder($"{form}\n");
        foreach ((int index, Chain chain) in chains) lines.Append(CultureInfo.InvariantCulture, $"{index} {chain.Count} {chain.Head}\n");
        return new TokenDigest(
            Sha256Value.Of(Encoding.ASCII.GetBytes(lines.ToString())),
            [.. chains.Values.Select(chain => chain.Count)],
            (byte[])[.. chains.Values.SelectMany(chain => chain.Trail)]);
    }

    /// <summary>Is there a chain for each of 0 … <paramref name="count"/>−1, and no other?</summary>
    internal bool HasExactly(int count) => count > 0 && chains.Count == count && chains.Keys.Max() == count - 1;

    internal bool Has(int index) => chains.ContainsKey(index);

    /// <summary>Tokens of all chains.</summary>
    internal long Total => chains.Values.Sum(chain => (long)chain.Count);

    private Chain ChainOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (!chains.TryGetValue(index, out Chain? chain)) chains.Add(index, chain = new Chain(Start(index)));
        return chain;
    }

    private byte[] Start(int index)
    {
        byte[] prefix = Encoding.ASCII.GetBytes($"{form}\n");
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(number, (uint)index);
        return SHA256.HashData([.. prefix, .. salt.Bytes, .. number]);
    }

    private sealed class Chain
    {
        private readonly byte[] link = new byte[Sha256Value.Size + 4];

        public Chain(byte[] start) => start.CopyTo(link, 0);

        public int Count { get; private set; }

        public List<byte> Trail { get; } = [];

        public Sha256Value Head => new(link.AsSpan(0, Sha256Value.Size));

        public void Add(uint id)
        {
            BinaryPrimitives.WriteUInt32BigEndian(link.AsSpan(Sha256Value.Size), id);
            SHA256.HashData(link, link);
            Trail.Add(link[0]);
            Trail.Add(link[1]);
            Count++;
        }
    }
}
