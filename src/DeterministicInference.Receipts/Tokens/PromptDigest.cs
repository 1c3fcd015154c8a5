using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Tokens;

/// <summary>
/// The token ids of prompts as the engine reports them: <c>H("dis-prompt/2" LF || salt || lines)</c> with a line
/// <c>INDEX COUNT H(ids)</c> LF for each prompt; ids are 32-bit numbers, big-endian. For one caller at a time.
/// </summary>
/// <param name="salt">The receipt's for prompts.</param>
internal sealed class PromptDigest(Salt salt)
{
    private const string Form = "dis-prompt/2";

    private readonly SortedDictionary<int, (int Count, Sha256Value Hash)> _prompts = [];

    /// <summary>Adds a prompt.</summary>
    /// <param name="index">Of the prompt, from 0.</param>
    /// <param name="ids">In order, each as four bytes, big-endian.</param>
    /// <exception cref="ArgumentException">The prompt is there already.</exception>
    public void Add(int index, ReadOnlySpan<byte> ids)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        _prompts.Add(index, (ids.Length / sizeof(uint), Sha256Value.Of(ids)));
    }

    /// <summary>Adds a prompt.</summary>
    /// <param name="index">Of the prompt, from 0.</param>
    /// <param name="ids">In order.</param>
    /// <exception cref="ArgumentException">The prompt is there already.</exception>
    public void Add(int index, IReadOnlyList<uint> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var bytes = new byte[ids.Count * sizeof(uint)];
        for (int i = 0; i < ids.Count; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * sizeof(uint)), ids[i]);
        Add(index, bytes);
    }

    /// <summary>The digest of what was added so far, without a trail.</summary>
    /// <exception cref="InvalidOperationException">There is none, or one of 0 … n−1 is missing.</exception>
    public TokenDigest Current()
    {
        if (!HasExactly(_prompts.Count))
            throw new InvalidOperationException("The token ids of a prompt are missing.");
        var lines = new StringBuilder();
        foreach ((int index, (int count, Sha256Value hash)) in _prompts)
            lines.Append(CultureInfo.InvariantCulture, $"{index} {count} {hash}\n");
        byte[] form = Encoding.ASCII.GetBytes(Form + "\n"),
            text = Encoding.ASCII.GetBytes(lines.ToString());
        return new TokenDigest(
            Sha256Value.Of([.. form, .. salt.Bytes, .. text]),
            [.. _prompts.Values.Select(prompt => prompt.Count)],
            ReadOnlyMemory<byte>.Empty
        );
    }

    internal bool HasExactly(int count) => count > 0 && _prompts.Count == count && _prompts.Keys.Max() == count - 1;

    /// <summary>Adds a prompt, or the same one again; false if another one is there.</summary>
    internal bool TryRepeat(int index, ReadOnlySpan<byte> ids)
    {
        if (!_prompts.TryGetValue(index, out (int Count, Sha256Value Hash) there))
        {
            Add(index, ids);
            return true;
        }
        return there.Count == ids.Length / sizeof(uint) && there.Hash == Sha256Value.Of(ids);
    }
}
