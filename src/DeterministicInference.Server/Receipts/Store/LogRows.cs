using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Writes the rows of the log within a transaction of the caller, and grows the tree with its entries. The statements
/// are prepared once.
/// </summary>
internal sealed class LogRows : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly MerkleTree _tree;
    private readonly SqliteCommand _receipt,
        _entry,
        _tile,
        _checkpoint;

    /// <param name="connection">The writing connection.</param>
    /// <param name="tree">The log's.</param>
    public LogRows(SqliteConnection connection, MerkleTree tree)
    {
        (_connection, _tree) = (connection, tree);
        _receipt = Command(
            "INSERT INTO receipt (entry, id, response_id, issued_at, statement, salt, owner) VALUES ($1, $2, $3, $4, "
                + "$5, $6, $7) ON CONFLICT (id) DO NOTHING",
            7
        );
        _entry = Command("INSERT INTO entry (idx, digest, line) VALUES ($1, $2, $3)", 3);
        _tile = Command(
            "INSERT INTO tile (level, idx, hashes) VALUES ($1, $2, $3) ON CONFLICT (level, idx) DO UPDATE SET hashes = "
                + "excluded.hashes",
            3
        );
        _checkpoint = Command("INSERT OR REPLACE INTO checkpoint (id, size, note) VALUES (0, $1, $2)", 2);
    }

    /// <summary>Adds an entry that is no receipt's: one that opens or closes the log.</summary>
    public void Append(LogEntry entry) => Run(_entry, _tree.Append(entry.Leaf), DBNull.Value, entry.Bytes.ToArray());

    /// <returns>The index of the receipt's entry; null if a receipt with this id exists, which is kept.</returns>
    public long? Append(NewReceipt receipt)
    {
        long index = _tree.Size;
        int added = Run(
            _receipt,
            index,
            Convert.FromHexString(receipt.ReceiptId),
            (object?)receipt.ResponseId ?? DBNull.Value,
            receipt.IssuedAt.ToUnixTimeSeconds(),
            receipt.Statement,
            receipt.Salt.Bytes.ToArray(),
            (object?)receipt.Owner ?? DBNull.Value
        );
        if (added == 0)
            return null;
        Run(_entry, index, receipt.Entry.StatementDigest!.Value.ToArray(), DBNull.Value);
        return _tree.Append(receipt.Leaf);
    }

    /// <summary>
    /// Adds an environment, whose document is never replaced: of the same id and the same weakest source of a fact,
    /// which is what a statement names, one is as good as another.
    /// </summary>
    public void Put(InferenceEnvironment environment)
    {
        using SqliteCommand insert = _connection.Query(
            "INSERT OR IGNORE INTO environment (id, source, document) VALUES ($1, $2, $3)",
            environment.Id.ToArray(),
            EnvironmentNames.Of(environment.Source),
            EnvironmentDocument.Write(environment)
        );
        insert.ExecuteNonQuery();
    }

    /// <summary>
    /// Writes the tiles that have grown since the tree had <paramref name="size"/> leaves: of leaf hashes the full
    /// ones, as the last one changes with every commit and follows from the entries.
    /// </summary>
    public void WriteTiles(long size)
    {
        foreach (Tile tile in _tree.GrownSince(size))
        {
            if (tile.Level > 0 || tile.Hashes.Length == TilePath.FullWidth * Sha256Value.Size)
                Run(_tile, tile.Level, tile.Index, tile.Hashes.ToArray());
        }
    }

    /// <summary>Replaces the checkpoint.</summary>
    public void WriteCheckpoint(string note) => Run(_checkpoint, _tree.Size, note);

    public void Dispose()
    {
        _receipt.Dispose();
        _entry.Dispose();
        _tile.Dispose();
        _checkpoint.Dispose();
    }

    private static int Run(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        return command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, int parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 1; i <= parameters; i++)
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i}" });
        return command;
    }
}
