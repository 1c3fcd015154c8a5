using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The stored receipts of one log, as retention deletes them: their entries in the log stay.</summary>
/// <param name="connection">A writing connection.</param>
internal sealed class ReceiptRows(SqliteConnection connection)
{
    /// <summary>Pages given back after each step of deleting, more than a step frees.</summary>
    private const int FreedPages = 200;

    /// <summary>Deletes receipts with their salts, oldest first.</summary>
    /// <returns>The number of deleted receipts.</returns>
    /// <exception cref="SqliteException">Nothing was deleted.</exception>
    public int Delete(DateTimeOffset before, int atMost)
    {
        List<(long Entry, byte[] Id, byte[]? Owner)> due = [];
        using (
            SqliteCommand query = connection.Query(
                "SELECT entry, id, owner FROM receipt WHERE issued_at < $1 ORDER BY issued_at LIMIT $2",
                before.ToUnixTimeSeconds(),
                atMost
            )
        )
        using (SqliteDataReader reader = query.ExecuteReader())
        {
            while (reader.Read())
                due.Add((reader.GetInt64(0), (byte[])reader[1], reader[2] as byte[]));
        }
        if (due.Count == 0)
            return 0;
        connection.InTransaction(() =>
        {
            foreach ((long entry, byte[] id, byte[]? owner) in due)
            {
                using SqliteCommand remember = connection.Query(
                    "INSERT INTO pruned (entry, id_hash, owner_hash) VALUES ($1, $2, $3)",
                    entry,
                    PrunedId.Of(id),
                    (object?)PrunedId.OwnerOf(id, owner) ?? DBNull.Value
                );
                remember.ExecuteNonQuery();
                using SqliteCommand delete = connection.Query("DELETE FROM receipt WHERE entry = $1", entry);
                delete.ExecuteNonQuery();
            }
        });
        // What they took goes back to the file system, in small pieces too.
        connection.Execute($"PRAGMA incremental_vacuum({FreedPages})");
        return due.Count;
    }

    /// <summary>When the newest receipt was issued; null if there is none.</summary>
    public DateTimeOffset? Newest() =>
        connection.Scalar("SELECT max(issued_at) FROM receipt") is long seconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    /// <summary>
    /// Moves the write-ahead log into the database and truncates it, so that no file contains deleted data
    /// (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
    /// </summary>
    /// <returns>False if a reader was in the way: a later attempt may succeed.</returns>
    public bool Compact() => connection.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") is 0L;
}
