using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// Shows offline that an entry is in a log: <c>c2sp.org/tlog-proof@v1</c>, that is the entry's index, the hashes from
/// its sibling to the root, and the signed checkpoint.
/// </summary>
/// <param name="Index">Of the entry.</param>
/// <param name="Hashes">See <see cref="MerkleProof.Inclusion"/>.</param>
/// <param name="Checkpoint">The signed note.</param>
internal sealed record TlogProof(long Index, IReadOnlyList<Sha256Value> Hashes, string Checkpoint)
{
    private const string Header = "c2sp.org/tlog-proof@v1",
        IndexPrefix = "index ",
        ExtraPrefix = "extra ";

    /// <summary>Length of a hash in base64.</summary>
    private const int HashChars = 44;

    /// <summary>Most hashes of a proof in a tree of 64-bit size.</summary>
    private const int MaxHashes = 64;

    /// <summary>Reads a proof. Extra data is passed over: it is not authenticated.</summary>
    /// <exception cref="LogFormatException">It has another form.</exception>
    public static TlogProof Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int split = text.IndexOf("\n\n", StringComparison.Ordinal);
        string[] lines = split < 0 ? [] : text[..split].Split('\n');
        if (lines.Length < 2 || lines[0] != Header)
        {
            throw new LogFormatException(
                $"A proof begins with '{Header}', its index and its hashes, followed by an empty line and a checkpoint."
            );
        }
        int at = lines[1].StartsWith(ExtraPrefix, StringComparison.Ordinal) ? 2 : 1;
        if (
            at >= lines.Length
            || !lines[at].StartsWith(IndexPrefix, StringComparison.Ordinal)
            || !long.TryParse(
                lines[at][IndexPrefix.Length..],
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out long index
            )
            || index.ToString(CultureInfo.InvariantCulture) != lines[at][IndexPrefix.Length..]
        )
        {
            throw new LogFormatException("The index of a proof is not a number.");
        }
        if (lines.Length - at - 1 > MaxHashes)
            throw new LogFormatException($"A proof has at most {MaxHashes} hashes.");
        return new TlogProof(index, [.. lines[(at + 1)..].Select(ParseHash)], text[(split + 2)..]);
    }

    /// <summary>Checks that an entry is in the log, as the log's key has signed it.</summary>
    /// <param name="leaf">Of the entry: <see cref="LogEntry.Leaf"/>.</param>
    /// <param name="key">The log's key, under the log's origin.</param>
    /// <returns>The checkpoint that covers it.</returns>
    /// <exception cref="LogFormatException">
    /// The checkpoint is malformed or not by this key, or the hashes don't lead from the entry to its root.
    /// </exception>
    public Checkpoint Verify(Sha256Value leaf, NoteKey key)
    {
        Checkpoint checkpoint = Log.Checkpoint.Verify(Checkpoint, key);
        VerifyInclusion(leaf, checkpoint);
        return checkpoint;
    }

    /// <summary>Checks that the hashes lead from an entry to the root of a checkpoint.</summary>
    /// <exception cref="LogFormatException">They don't.</exception>
    public void VerifyInclusion(Sha256Value leaf, Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        if (!MerkleProof.VerifyInclusion(leaf, Index, checkpoint.Size, Hashes, checkpoint.Root))
        {
            throw new LogFormatException(
                $"The proof does not show that the entry stands at index {Index} of the log of {checkpoint.Size} "
                    + "entries."
            );
        }
    }

    /// <summary>The text.</summary>
    public override string ToString()
    {
        int length = Header.Length + IndexPrefix.Length + Hashes.Count * (HashChars + 1) + Checkpoint.Length + 32;
        var text = new StringBuilder(Header, length);
        text.Append(CultureInfo.InvariantCulture, $"\n{IndexPrefix}{Index}\n");
        Span<byte> bytes = stackalloc byte[Sha256Value.Size];
        Span<char> base64 = stackalloc char[HashChars];
        foreach (Sha256Value hash in Hashes)
        {
            hash.CopyTo(bytes);
            Convert.TryToBase64Chars(bytes, base64, out _);
            text.Append(base64).Append('\n');
        }
        return text.Append('\n').Append(Checkpoint).ToString();
    }

    /// <summary>Reads a hash as a line of a proof has it.</summary>
    /// <exception cref="LogFormatException">It is something else.</exception>
    internal static Sha256Value ParseHash(string line) =>
        Base64Text.TryDecodeStandard(line, out byte[]? bytes) && bytes.Length == Sha256Value.Size
            ? new Sha256Value(bytes)
            : throw new LogFormatException("A hash of a proof is not base64 of 32 bytes.");
}
