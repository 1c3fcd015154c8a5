using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace DeterministicInference.Server.Receipts;

/// <summary>The writing side of the log: one connection, and the right edge of the tree. For one thread.</summary>
internal sealed class ReceiptLog : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SigningKey _key;
    private MerkleTree _tree = new();
    private string _note = "";

    private ReceiptLog(SqliteConnection connection, SigningKey key, string origin) => (_connection, _key, Origin) = (connection, key, origin);

    public string Origin { get; }

    /// <summary>The signed checkpoint of what is committed. May be read by any thread.</summary>
    public string Note => Volatile.Read(ref _note);

    public long Size => _tree.Size;

    /// <summary>Takes up a log that holds together, or begins one.</summary>
    /// <param name="database">The SQLite file.</param>
    /// <param name="key">The log's.</param>
    /// <param name="origin">The name that it must have; null for any.</param>
    /// <param name="published">The checkpoint in the plain file; null if there is none.</param>
    /// <exception cref="InvalidDataException">The log does not hold together; the message is a clause.</exception>
    /// <exception cref="ReceiptStoreException">It has another name, or tables of another version.</exception>
    /// <exception cref="SqliteException">The file is damaged, or can't be opened.</exception>
    public static ReceiptLog Open(string database, SigningKey key, string? origin, string? published)
    {
        SqliteConnection connection = ReceiptDatabase.OpenWriter(database);
        try
        {
            long version = ReceiptDatabase.VersionOf(connection);
            if (version > ReceiptDatabase.Version)
            {
                throw new ReceiptStoreException($"--data-dir: {database} was made by a newer version of this program. Use that one, or another --data-dir.");
            }
            if (version == 0) return Begin(connection, key, origin, published);
            string stored = OriginOf(connection);
            if (origin is not null && origin != stored)
            {
                throw new ReceiptStoreException(
                    $"--log-origin: the log in {database} is named '{stored}', and a log keeps its name. Leave the setting out, or begin a new log in another --data-dir.");
            }
            var log = new ReceiptLog(connection, key, stored) { _note = (string)connection.Scalar("SELECT note FROM checkpoint")! };
            var check = new LogCheck(connection, new NoteKey(stored, key.PublicKey));
            log._tree = check.CheckEdge();
            if (published is not null) check.CheckPublished(published, log.Size);
            return log;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Stores all in one transaction with the signed checkpoint. With nothing to store the checkpoint is signed and stored again.</summary>
    /// <param name="group">Those that could not be stored by themselves are failed.</param>
    /// <exception cref="SqliteException">Nothing was stored; a later attempt may succeed.</exception>
    /// <exception cref="InvalidDataException">Another program has changed the log; nothing was stored and nothing will be.</exception>
    public void Commit(IReadOnlyCollection<PendingWrite> group)
    {
        using var transaction = new LogTransaction(_connection, _tree.Clone());
        string note = _note;
        InTransaction(() =>
        {
            if (_connection.Scalar("SELECT size FROM checkpoint") as long? != _tree.Size) throw new InvalidDataException("another program has changed the log");
            foreach (PendingWrite write in group)
            {
                if (!write.Write(transaction)) write.Fail();
            }
            if (transaction.Tree.Size > _tree.Size || group.Count == 0) note = WriteCheckpoint(transaction);
        });
        _tree = transaction.Tree;
        Volatile.Write(ref _note, note);
    }

    /// <summary>Deletes receipts with their salts, the oldest first. What the log has about them stays.</summary>
    /// <returns>How many there were.</returns>
    /// <exception cref="SqliteException">Nothing was deleted.</exception>
    public int Prune(DateTimeOffset before, int atMost)
    {
        List<(long Entry, byte[] Id, string? Response)> due = [];
        using (SqliteCommand query = _connection.Query(
            "SELECT entry, id, response_id FROM receipt WHERE issued_at < $1 ORDER BY issued_at LIMIT $2", before.ToUnixTimeSeconds(), atMost))
        using (SqliteDataReader reader = query.ExecuteReader())
        {
            while (reader.Read()) due.Add((reader.GetInt64(0), (byte[])reader[1], reader[2] as string));
        }
        if (due.Count == 0) return 0;
        InTransaction(() =>
        {
            foreach ((long entry, byte[] id, string? response) in due)
            {
                Remember(PrunedId.Of(id));
                if (response is not null) Remember(PrunedId.Of(response));
                using SqliteCommand delete = _connection.Query("DELETE FROM receipt WHERE entry = $1", entry);
                delete.ExecuteNonQuery();
            }
        });
        return due.Count;
    }

    /// <summary>Moves all that is in the write-ahead log into the database and empties it: what was deleted is in no file any more.</summary>
    public void Compact() => _connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");

    public void Dispose() => _connection.Dispose();

    private static ReceiptLog Begin(SqliteConnection connection, SigningKey key, string? origin, string? published)
    {
        if (published is not null) throw new InvalidDataException("there is a file checkpoint, but the database is empty or missing");
        var log = new ReceiptLog(connection, key, origin ?? LogOrigin.Default(key.PublicKey.KeyId));
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
            string note = connection.Scalar("SELECT note FROM checkpoint") as string ?? throw new InvalidDataException("the database has no checkpoint");
            string origin = Checkpoint.Parse(SignedNote.Parse(note).Text).Origin;
            return LogOrigin.IsValid(origin) ? origin : throw new InvalidDataException("the stored checkpoint has no valid origin");
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
        using SqliteCommand write = _connection.Query("INSERT OR REPLACE INTO checkpoint (id, size, note) VALUES (0, $1, $2)", transaction.Tree.Size, note);
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
            // After some errors, a full disk among them, SQLite has done so already.
            if (sqlite3_get_autocommit(_connection.Handle) == 0) _connection.Execute("ROLLBACK");
            throw;
        }
    }
}
