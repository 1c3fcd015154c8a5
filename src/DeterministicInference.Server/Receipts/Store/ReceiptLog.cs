using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The writing side of the log: one connection, and the right edge of the tree. Not thread-safe.</summary>
internal sealed class ReceiptLog : IDisposable
{
    private const string WithoutLog = "there is its key, but the database is empty or missing";

    private readonly SqliteConnection _connection;
    private readonly SigningKey _key;
    private MerkleTree _tree = new();
    private string _note = "";

    private ReceiptLog(SqliteConnection connection, SigningKey key, string origin) =>
        (_connection, _key, Origin) = (connection, key, origin);

    public string Origin { get; }

    /// <summary>The signed checkpoint of the committed entries. Any thread may read it.</summary>
    public string Note => Volatile.Read(ref _note);

    public long Size => _tree.Size;

    /// <summary>Whether it was created when it was opened.</summary>
    public bool IsNew { get; private init; }

    /// <summary>Opens a consistent log, or creates one.</summary>
    /// <param name="database">The SQLite file.</param>
    /// <param name="key">The log's key.</param>
    /// <param name="mayBegin">Whether the key may begin a log.</param>
    /// <param name="origin">The required name; null for any.</param>
    /// <param name="published">The published checkpoint; null if there is none.</param>
    /// <exception cref="InvalidDataException">The log is inconsistent; the message is a clause.</exception>
    /// <exception cref="ReceiptStoreException">The log has another name, or tables of another version.</exception>
    /// <exception cref="SqliteException">The file is damaged, or can't be opened.</exception>
    public static ReceiptLog Open(string database, SigningKey key, bool mayBegin, string? origin, string? published)
    {
        // Before it is opened, which would write to it.
        if (!mayBegin && new FileInfo(database) is not { Exists: true, Length: > 0 })
            throw new InvalidDataException(WithoutLog);
        SqliteConnection connection = ReceiptDatabase.OpenWriter(database);
        try
        {
            long version = ReceiptDatabase.VersionOf(connection);
            if (version > ReceiptDatabase.Version)
            {
                throw new ReceiptStoreException(
                    $"--data-dir: {database} was made by a newer version of this program. Use that one, or another "
                        + "--data-dir."
                );
            }
            if (version == 0 && !mayBegin)
                throw new InvalidDataException(WithoutLog);
            if (version == 0)
                return Begin(connection, key, origin, published);
            string stored = OriginOf(connection);
            if (origin is not null && origin != stored)
            {
                throw new ReceiptStoreException(
                    $"--log-origin: the log in {database} is named '{stored}', and a log keeps its name. Leave the "
                        + "setting out, or start a new log in another --data-dir."
                );
            }
            var log = new ReceiptLog(connection, key, stored)
            {
                _note = (string)connection.Scalar("SELECT note FROM checkpoint")!,
            };
            var check = new LogCheck(connection, new NoteKey(stored, key.PublicKey));
            log._tree = check.CheckEdge();
            if (published is not null)
                check.CheckPublished(published, log.Size);
            return log;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Stores all writes in one transaction with the signed checkpoint. Without writes the checkpoint is signed and
    /// stored again.
    /// </summary>
    /// <param name="group">The writes; those that can't be stored individually are failed.</param>
    /// <exception cref="SqliteException">Nothing was stored; a later attempt may succeed.</exception>
    /// <exception cref="InvalidDataException">
    /// Another program has changed the log; nothing was stored, and nothing will be.
    /// </exception>
    public void Commit(IReadOnlyCollection<PendingWrite> group)
    {
        using var transaction = new LogTransaction(_connection, _tree.Clone());
        string note = _note;
        InTransaction(() =>
        {
            if (_connection.Scalar("SELECT size FROM checkpoint") as long? != _tree.Size)
                throw new InvalidDataException("another program has changed the log");
            foreach (PendingWrite write in group)
            {
                if (!write.Write(transaction))
                    write.Fail();
            }
            if (transaction.Tree.Size > _tree.Size || group.Count == 0)
                note = WriteCheckpoint(transaction);
        });
        _tree = transaction.Tree;
        Volatile.Write(ref _note, note);
    }

    /// <summary>Deletes receipts with their salts, oldest first. Their log entries stay.</summary>
    /// <returns>The number of deleted receipts.</returns>
    /// <exception cref="SqliteException">Nothing was deleted.</exception>
    public int Prune(DateTimeOffset before, int atMost)
    {
        List<(long Entry, byte[] Id, string? Response)> due = [];
        using (
            SqliteCommand query = _connection.Query(
                "SELECT entry, id, response_id FROM receipt WHERE issued_at < $1 ORDER BY issued_at LIMIT $2",
                before.ToUnixTimeSeconds(),
                atMost
            )
        )
        using (SqliteDataReader reader = query.ExecuteReader())
        {
            while (reader.Read())
                due.Add((reader.GetInt64(0), (byte[])reader[1], reader[2] as string));
        }
        if (due.Count == 0)
            return 0;
        InTransaction(() =>
        {
            foreach ((long entry, byte[] id, string? response) in due)
            {
                Remember(PrunedId.Of(id));
                if (response is not null)
                    Remember(PrunedId.Of(response));
                using SqliteCommand delete = _connection.Query("DELETE FROM receipt WHERE entry = $1", entry);
                delete.ExecuteNonQuery();
            }
        });
        return due.Count;
    }

    /// <summary>
    /// Moves the write-ahead log into the database and truncates it, so that no file contains deleted data
    /// (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
    /// </summary>
    public void Compact() => _connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");

    public void Dispose() => _connection.Dispose();

    private static ReceiptLog Begin(SqliteConnection connection, SigningKey key, string? origin, string? published)
    {
        if (published is not null)
            throw new InvalidDataException("there is a file checkpoint, but the database is empty or missing");
        var log = new ReceiptLog(connection, key, origin ?? LogOrigin.Default(key.PublicKey.KeyId)) { IsNew = true };
        using var transaction = new LogTransaction(connection, new MerkleTree());
        string note = "";
        log.InTransaction(() =>
        {
            ReceiptDatabase.CreateTables(connection);
            transaction.Begin(LogEntry.Open(log.Origin, key.PublicKey));
            note = log.WriteCheckpoint(transaction);
        });
        (log._tree, log._note) = (transaction.Tree, note);
        return log;
    }

    private static string OriginOf(SqliteConnection connection)
    {
        try
        {
            string note =
                connection.Scalar("SELECT note FROM checkpoint") as string
                ?? throw new InvalidDataException("the database has no checkpoint");
            string origin = Checkpoint.Parse(SignedNote.Parse(note).Text).Origin;
            return LogOrigin.IsValid(origin)
                ? origin
                : throw new InvalidDataException("the stored checkpoint has no valid origin");
        }
        catch (LogFormatException e)
        {
            throw new InvalidDataException($"the stored checkpoint is malformed: {e.Message.TrimEnd('.')}");
        }
    }

    private string WriteCheckpoint(LogTransaction transaction)
    {
        transaction.WriteTiles();
        string note = new Checkpoint(Origin, transaction.Tree.Size, transaction.Tree.Root).Sign(_key).ToString();
        using SqliteCommand write = _connection.Query(
            "INSERT OR REPLACE INTO checkpoint (id, size, note) VALUES (0, $1, $2)",
            transaction.Tree.Size,
            note
        );
        write.ExecuteNonQuery();
        return note;
    }

    private void Remember(byte[] idHash)
    {
        using SqliteCommand insert = _connection.Query("INSERT OR IGNORE INTO pruned (id_hash) VALUES ($1)", idHash);
        insert.ExecuteNonQuery();
    }

    private void InTransaction(Action write)
    {
        _connection.Execute("BEGIN IMMEDIATE");
        try
        {
            write();
            _connection.Execute("COMMIT");
        }
        catch
        {
            // After some errors, such as a full disk, SQLite has already rolled back
            // (https://sqlite.org/lang_transaction.html).
            if (sqlite3_get_autocommit(_connection.Handle) == 0)
                _connection.Execute("ROLLBACK");
            throw;
        }
    }
}
