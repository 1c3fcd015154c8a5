using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>Checks that the stored log is consistent. Each complaint is a clause that names the part.</summary>
internal sealed class LogCheck(SqliteConnection connection, NoteKey key)
{
    /// <summary>
    /// Makes the checks of every start, whose time does not grow with the log: signature, the first and the last entry,
    /// the root from the last tile of each level, and the receipts of the last leaves.
    /// </summary>
    /// <returns>The tree, for further entries.</returns>
    /// <exception cref="InvalidDataException">The log is inconsistent.</exception>
    public MerkleTree CheckEdge()
    {
        Checkpoint checkpoint = CheckCheckpoint();
        long last = connection.Scalar("SELECT max(idx) FROM entry") as long? ?? -1;
        if (last != checkpoint.Size - 1)
            throw new InvalidDataException(
                $"the checkpoint covers {checkpoint.Size} entries, the last one in the database is at index {last}"
            );
        CheckLines(checkpoint.Size, all: false);
        CheckReceipts(last / TilePath.FullWidth * TilePath.FullWidth, (_, _, _) => { });
        MerkleTree tree = MerkleTree.Load(checkpoint.Size, connection.Tile);
        return tree.Root == checkpoint.Root
            ? tree
            : throw new InvalidDataException("entries and tiles do not give the tree hash of the checkpoint");
    }

    /// <summary>Checks every row, in time proportional to the log's size.</summary>
    /// <exception cref="InvalidDataException">The log is inconsistent.</exception>
    public void CheckAll()
    {
        Checkpoint checkpoint = CheckCheckpoint();
        CheckLines(checkpoint.Size, all: true);
        CheckTree(checkpoint);
        CheckStrayTiles(checkpoint.Size);
        HashSet<(Sha256Value, FactSource)> environments = CheckEnvironments();
        CheckReceipts(0, (index, row, statement) => CheckRow(index, row, statement, environments));
        CheckDeleted();
    }

    /// <summary>Checks that a published checkpoint belongs to this log and is not ahead of it.</summary>
    /// <param name="note">The signed note.</param>
    /// <param name="file">The name of its file.</param>
    /// <exception cref="InvalidDataException">It does not, or is ahead.</exception>
    public void CheckPublished(string note, string file)
    {
        Checkpoint published = Verify(note, $"the file {file}"),
            stored = CheckCheckpoint();
        if (published.Size > stored.Size)
        {
            throw new InvalidDataException(
                $"the file {file} covers {published.Size} entries, the database has {stored.Size}: the database "
                    + "was set back"
            );
        }
        if (MerkleProof.Root(published.Size, connection.Tile) != published.Root)
            throw new InvalidDataException(
                $"the file {file} and the database differ in their first {published.Size} entries"
            );
    }

    private Checkpoint CheckCheckpoint()
    {
        if (connection.Scalar("SELECT note FROM checkpoint") is not string note)
            throw new InvalidDataException("the database has no checkpoint");
        Checkpoint checkpoint = Verify(note, "the stored checkpoint");
        return (long)connection.Scalar("SELECT size FROM checkpoint")! == checkpoint.Size
            ? checkpoint
            : throw new InvalidDataException("the stored size is not the checkpoint's");
    }

    /// <summary>The entries that are no receipts', which stand at the ends of the log.</summary>
    private void CheckLines(long size, bool all)
    {
        using SqliteCommand lines = connection.Query(
            // With both in one statement SQLite reads every row, also where only three are asked for.
            $"SELECT idx, line FROM entry WHERE idx IN (0, 1, $1) {(all ? "OR line IS NOT NULL " : "")}ORDER BY idx",
            size - 1
        );
        using SqliteDataReader reader = lines.ExecuteReader();
        bool opens = false;
        while (reader.Read())
        {
            long index = reader.GetInt64(0);
            opens |= index == 0;
            if (reader[1] is not byte[] line)
            {
                if (index == 0)
                    throw new InvalidDataException("entry 0 does not open this log with this key");
                continue;
            }
            if (LogEntry.ProblemAt(line, index, size, key) is { } problem)
                throw new InvalidDataException($"entry {index} {problem}");
            if (LogEntry.TryParseReceipt(line, out _))
                throw new InvalidDataException($"entry {index} is a receipt's, and is not stored as one");
        }
        if (!opens)
            throw new InvalidDataException("entry 0 does not open this log with this key");
    }

    private void CheckTree(Checkpoint checkpoint)
    {
        var computed = new MerkleTree();
        using SqliteCommand entries = connection.Query("SELECT idx, digest, line FROM entry ORDER BY idx");
        using SqliteDataReader reader = entries.ExecuteReader();
        for (long compared = 0; reader.Read(); )
        {
            long index = reader.GetInt64(0);
            if (index != computed.Size)
                throw new InvalidDataException($"entry {Math.Min(index, computed.Size)} is missing, or stray");
            computed.Append(MerkleHash.Leaf(ReceiptDatabase.Line(reader[1], reader[2]).Span));
            if (computed.Size % TilePath.FullWidth != 0 && computed.Size != checkpoint.Size)
                continue;
            foreach (Tile tile in computed.GrownSince(compared))
                Compare(tile, isLast: computed.Size == checkpoint.Size);
            computed.Keep();
            compared = computed.Size;
        }
        if (computed.Size != checkpoint.Size)
            throw new InvalidDataException(
                $"the checkpoint covers {checkpoint.Size} entries, the database has {computed.Size}"
            );
        CheckLastTiles(computed.Size);
        if (computed.Root != checkpoint.Root)
        {
            throw new InvalidDataException(
                "the entries do not give the tree hash of the checkpoint: the first that can be wrong is "
                    + $"{(checkpoint.Size - 1) / TilePath.FullWidth * TilePath.FullWidth}"
            );
        }
    }

    private void Compare(Tile tile, bool isLast)
    {
        ReadOnlySpan<byte> stored = connection.StoredTile(tile.Level, tile.Index).Span,
            hashes = tile.Hashes.Span;
        bool isFull = hashes.Length == TilePath.FullWidth * Sha256Value.Size;
        // The last tile of leaf hashes is not stored, and the last ones of the other levels have grown since.
        if (tile.Level == 0 && !isFull)
            return;
        if (isFull || isLast ? stored.SequenceEqual(hashes) : stored.StartsWith(hashes))
            return;
        int at = stored.CommonPrefixLength(hashes) / Sha256Value.Size;
        throw new InvalidDataException(
            tile.Level == 0 && at * Sha256Value.Size < stored.Length
                ? $"entry {tile.Index * TilePath.FullWidth + at} is not the one whose hash stands in "
                    + $"{new TilePath(0, tile.Index, TilePath.FullWidth)}"
                : $"{new TilePath(tile.Level, tile.Index, hashes.Length / Sha256Value.Size)} is not what the entries "
                    + "give"
        );
    }

    /// <summary>The last tiles above the leaves have the hashes of this size and no others.</summary>
    private void CheckLastTiles(long size)
    {
        for (int level = 1; TilePath.HashesOn(level, size) > 0; level++)
        {
            long hashes = TilePath.HashesOn(level, size),
                index = hashes / TilePath.FullWidth;
            int width = (int)(hashes % TilePath.FullWidth),
                bytes = connection.StoredTile(level, index).Length;
            if (width > 0 && bytes != width * Sha256Value.Size)
                throw new InvalidDataException($"{new TilePath(level, index, width)} holds {bytes} bytes");
        }
    }

    private void CheckStrayTiles(long size)
    {
        using SqliteCommand tiles = connection.Query("SELECT level, idx FROM tile");
        using SqliteDataReader reader = tiles.ExecuteReader();
        while (reader.Read())
        {
            (long level, long index) = (reader.GetInt64(0), reader.GetInt64(1));
            long hashes = level is >= 0 and <= TilePath.MaxLevel ? TilePath.HashesOn((int)level, size) : 0,
                full = hashes / TilePath.FullWidth,
                stored = level == 0 || hashes % TilePath.FullWidth == 0 ? full : full + 1;
            if (index < 0 || index >= stored)
                throw new InvalidDataException($"the tile at level {level}, index {index} is not one of this log");
        }
    }

    private HashSet<(Sha256Value Id, FactSource Source)> CheckEnvironments()
    {
        HashSet<(Sha256Value, FactSource)> known = [];
        using SqliteCommand environments = connection.Query("SELECT id, source, document FROM environment");
        using SqliteDataReader reader = environments.ExecuteReader();
        while (reader.Read())
        {
            string id = Convert.ToHexStringLower((byte[])reader[0]);
            try
            {
                InferenceEnvironment environment = EnvironmentDocument.Read((byte[])reader[2]);
                if ($"{environment.Id}" != id || EnvironmentNames.Of(environment.Source) != reader.GetString(1))
                    throw new InvalidDataException($"the document of the environment {id} is that of another one");
                known.Add((environment.Id, environment.Source));
            }
            catch (ReceiptFormatException e)
            {
                throw new InvalidDataException(
                    $"the document of the environment {id} was changed: {e.Message.TrimEnd('.')}",
                    e
                );
            }
        }
        return known;
    }

    private void CheckReceipts(long from, Action<long, SqliteDataReader, ReceiptStatement> check)
    {
        using SqliteCommand query = connection.Query(
            "SELECT receipt.entry, statement, digest, id, issued_at, salt, response_id FROM receipt LEFT JOIN entry ON "
                + "idx = receipt.entry WHERE receipt.entry >= $1",
            from
        );
        using SqliteDataReader reader = query.ExecuteReader();
        while (reader.Read())
        {
            long index = reader.GetInt64(0);
            var statement = (byte[])reader[1];
            if (
                reader[2] is not byte[] { Length: Sha256Value.Size } digest
                || Sha256Value.Of(statement) != new Sha256Value(digest)
            )
                throw new InvalidDataException($"the receipt of entry {index} is not the one that was logged");
            try
            {
                check(index, reader, StatementReader.Read(statement));
            }
            catch (ReceiptFormatException e)
            {
                throw new InvalidDataException($"the statement of entry {index} can't be read: {e.Message}", e);
            }
        }
    }

    /// <summary>The columns that repeat the statement or open it.</summary>
    private static void CheckRow(
        long index,
        SqliteDataReader row,
        ReceiptStatement statement,
        HashSet<(Sha256Value, FactSource)> environments
    )
    {
        string? wrong =
            Convert.ToHexStringLower((byte[])row[3]) != statement.ReceiptId ? "id"
            : row.GetInt64(4) != statement.IssuedAt.ToUnixTimeSeconds() ? "time"
            : row[5] is not byte[] { Length: Salt.Size } salt
            || ReceiptSalts.Of(new Salt(salt)).Gives(statement.ReceiptId) != true
                ? "salt"
            : null;
        if (wrong is not null)
            throw new InvalidDataException($"the {wrong} of the receipt of entry {index} is not that of its statement");
        if (!environments.Contains((statement.EnvironmentId, statement.EnvironmentSource)))
            throw new InvalidDataException(
                $"the document of the environment {statement.EnvironmentId} is missing, which entry {index} names"
            );
    }

    private void CheckDeleted()
    {
        if (
            connection.Scalar(
                "SELECT idx FROM entry WHERE digest IS NOT NULL AND idx NOT IN (SELECT entry FROM receipt) AND idx NOT "
                    + "IN (SELECT entry FROM pruned) ORDER BY idx LIMIT 1"
            )
            is long missing
        )
            throw new InvalidDataException($"the receipt of entry {missing} is missing, and no retention deleted it");
        if (
            connection.Scalar(
                "SELECT entry FROM pruned WHERE entry IN (SELECT entry FROM receipt) OR entry NOT IN (SELECT idx FROM "
                    + "entry WHERE digest IS NOT NULL) ORDER BY entry LIMIT 1"
            )
            is long stray
        )
            throw new InvalidDataException($"the receipt of entry {stray} is said to be deleted, and is not");
    }

    private Checkpoint Verify(string note, string what)
    {
        try
        {
            return Checkpoint.Verify(note, key);
        }
        catch (LogFormatException e)
        {
            throw new InvalidDataException($"{what} is not this log's: {e.Message.TrimEnd('.')}", e);
        }
    }
}
