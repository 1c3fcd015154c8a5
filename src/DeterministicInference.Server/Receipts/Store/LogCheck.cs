using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>Checks that the stored log is consistent. Each complaint is a clause that names the part.</summary>
internal sealed class LogCheck(SqliteConnection connection, NoteKey key)
{
    /// <summary>
    /// Makes the checks of every start: signature, number of entries, the root from the right-most tiles, and
    /// everything that belongs to the last tile.
    /// </summary>
    /// <returns>The tree, for further entries.</returns>
    /// <exception cref="InvalidDataException">The log is inconsistent.</exception>
    public MerkleTree CheckEdge() => Check(size => Math.Max(0, size - 1) / TilePath.FullWidth * TilePath.FullWidth);

    /// <summary>Checks every entry, tile and receipt, in time proportional to the log's size.</summary>
    /// <exception cref="InvalidDataException">It does not hold together.</exception>
    public void CheckAll()
    {
        MerkleTree stored = Check(_ => 0);
        var computed = new MerkleTree();
        using SqliteCommand entries = connection.Query("SELECT line FROM entry ORDER BY idx");
        using SqliteDataReader reader = entries.ExecuteReader();
        while (reader.Read())
        {
            computed.Append(MerkleHash.Leaf((byte[])reader[0]));
            if (computed.Size % TilePath.FullWidth == 0 || computed.Size == stored.Size)
                Compare(computed.TakeChanged());
        }
    }

    /// <summary>Checks that a published checkpoint belongs to this log and is not ahead of it.</summary>
    /// <exception cref="InvalidDataException">It does not, or is ahead.</exception>
    public void CheckPublished(string note, long size)
    {
        Checkpoint published = Verify(note, "the file checkpoint");
        if (published.Size > size)
        {
            throw new InvalidDataException(
                $"the file checkpoint covers {published.Size} entries, the database has {size}: the database was set "
                    + "back"
            );
        }
        if (Root(published.Size) != published.Root)
            throw new InvalidDataException(
                $"the file checkpoint and the database differ in their first {published.Size} entries"
            );
    }

    private MerkleTree Check(Func<long, long> from)
    {
        if (connection.Scalar("SELECT note FROM checkpoint") is not string note)
            throw new InvalidDataException("the database has no checkpoint");
        Checkpoint checkpoint = Verify(note, "the stored checkpoint");
        long count = (long)connection.Scalar("SELECT count(*) FROM entry")!,
            last = connection.Scalar("SELECT max(idx) FROM entry") as long? ?? -1;
        if (count != checkpoint.Size || last != checkpoint.Size - 1)
        {
            throw new InvalidDataException(
                $"the checkpoint covers {checkpoint.Size} entries, the database has {count}, the last of them at "
                    + $"index {last}"
            );
        }
        if ((long)connection.Scalar("SELECT size FROM checkpoint")! != checkpoint.Size)
            throw new InvalidDataException("the stored size is not the checkpoint's");
        MerkleTree tree = MerkleTree.Load(checkpoint.Size, connection.Tile);
        if (tree.Root != checkpoint.Root)
            throw new InvalidDataException("the tiles do not give the tree hash of the checkpoint");
        CheckEntries(from(checkpoint.Size));
        CheckReceipts(from(checkpoint.Size));
        return tree;
    }

    private void CheckEntries(long from)
    {
        byte[] open = LogEntry.Open(key.Name, key.Key).Bytes.ToArray();
        if (
            connection.Scalar("SELECT line FROM entry WHERE idx = 0") is not byte[] first
            || !first.AsSpan().SequenceEqual(open)
        )
        {
            throw new InvalidDataException("entry 0 does not open this log with this key");
        }
        using SqliteCommand query = connection.Query("SELECT idx, line FROM entry WHERE idx >= $1 ORDER BY idx", from);
        using SqliteDataReader reader = query.ExecuteReader();
        (long index, ReadOnlyMemory<byte> hashes) tile = (-1, default);
        while (reader.Read())
        {
            long index = reader.GetInt64(0);
            if (tile.index != index / TilePath.FullWidth)
                tile = (index / TilePath.FullWidth, connection.Tile(0, index / TilePath.FullWidth));
            int at = (int)(index % TilePath.FullWidth) * Sha256Value.Size;
            bool isSame =
                tile.hashes.Length >= at + Sha256Value.Size
                && new Sha256Value(tile.hashes.Span.Slice(at, Sha256Value.Size)) == MerkleHash.Leaf((byte[])reader[1]);
            if (!isSame)
                throw new InvalidDataException($"entry {index} is not the one whose hash stands in tile/0");
        }
    }

    private void CheckReceipts(long from)
    {
        using SqliteCommand query = connection.Query(
            "SELECT receipt.entry, payload, line FROM receipt LEFT JOIN entry ON idx = receipt.entry WHERE "
                + "receipt.entry >= $1",
            from
        );
        using SqliteDataReader reader = query.ExecuteReader();
        while (reader.Read())
        {
            bool isSame =
                reader[2] is byte[] line
                && LogEntry.TryParseReceipt(line, out LogEntry? entry)
                && entry.PayloadDigest == Sha256Value.Of((byte[])reader[1]);
            if (!isSame)
                throw new InvalidDataException(
                    $"the receipt of entry {reader.GetInt64(0)} is not the one that was logged"
                );
        }
    }

    private void Compare(IReadOnlyList<Tile> computed)
    {
        foreach (Tile tile in computed)
        {
            // A partial tile may have grown since.
            ReadOnlySpan<byte> stored = connection.Tile(tile.Level, tile.Index).Span,
                hashes = tile.Hashes.Span;
            bool isFull = hashes.Length == TilePath.FullWidth * Sha256Value.Size;
            if (isFull ? !stored.SequenceEqual(hashes) : !stored.StartsWith(hashes))
            {
                throw new InvalidDataException(
                    $"{new TilePath(tile.Level, tile.Index, tile.Hashes.Length / Sha256Value.Size)} is not what the "
                        + "entries give"
                );
            }
        }
    }

    private Sha256Value Root(long size) => MerkleProof.Root(size, connection.Tile);

    private Checkpoint Verify(string note, string what)
    {
        try
        {
            return Checkpoint.Verify(note, key);
        }
        catch (LogFormatException e)
        {
            throw new InvalidDataException($"{what} is not this log's: {e.Message.TrimEnd('.')}");
        }
    }
}
