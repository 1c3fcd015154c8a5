using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The writing side of the log: one connection, and the right edge of the tree. Not thread-safe.</summary>
internal sealed class ReceiptLog : IDisposable
{
    private const string WithoutLog = "there is its key, but the database is empty or missing";

    /// <summary>Pages given back after each step of deleting, more than a step frees.</summary>
    private const int FreedPages = 200;

    private readonly SqliteConnection _connection;
    private readonly SigningKey _key;
    private readonly MerkleTree _tree;
    private readonly LogRows _rows;
    private string _note = "";

    private ReceiptLog(SqliteConnection connection, SigningKey key, string origin, MerkleTree tree)
    {
        (_connection, _key, Origin, _tree) = (connection, key, origin, tree);
        _rows = new LogRows(connection, tree);
    }

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
    /// <param name="name">The required name, without the random part of the origin; null for any.</param>
    /// <param name="published">The published checkpoint; null if there is none.</param>
    /// <exception cref="InvalidDataException">The log is inconsistent; the message is a clause.</exception>
    /// <exception cref="ReceiptStoreException">The log has another name, or tables of another version.</exception>
    /// <exception cref="SqliteException">The file is damaged, or can't be opened.</exception>
    public static ReceiptLog Open(string database, SigningKey key, bool mayBegin, string? name, string? published)
    {
        // Before it is opened, which would write to it.
        if (!mayBegin && new FileInfo(database) is not { Exists: true, Length: > 0 })
            throw new InvalidDataException(WithoutLog);
        SqliteConnection connection = ReceiptDatabase.OpenWriter(database);
        try
        {
            long version = ReceiptDatabase.VersionOf(connection);
            if (version != 0 && !ReceiptDatabase.IsKnown(version))
            {
                throw new ReceiptStoreException(
                    $"--data-dir: {database} was made by another version of this program. Use that one, or another "
                        + "--data-dir."
                );
            }
            if (version == 0 && !mayBegin)
                throw new InvalidDataException(WithoutLog);
            if (version == 0)
                return Begin(connection, key, name, published);
            string stored = OriginOf(connection);
            if (name is not null && !LogOrigin.HasName(stored, name))
            {
                throw new ReceiptStoreException(
                    $"--log-origin: the log in {database} is named '{stored}', and a log keeps its name. Leave the "
                        + "setting out, or start a new log in another --data-dir."
                );
            }
            var check = new LogCheck(connection, new NoteKey(stored, key.PublicKey));
            var log = new ReceiptLog(connection, key, stored, check.CheckEdge())
            {
                _note = (string)connection.Scalar("SELECT note FROM checkpoint")!,
            };
            if (published is not null)
                check.CheckPublished(published);
            log.InTransaction(() => ReceiptDatabase.Migrate(connection));
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
    /// <param name="isInPlace">
    /// Whether the files of the log are still those that were opened. Asked after the commit, so that no commit to
    /// deleted files counts, and before anyone sees its checkpoint.
    /// </param>
    /// <param name="group">The writes; those that can't be stored individually are rejected.</param>
    /// <exception cref="SqliteException">Nothing was stored; a later attempt may succeed.</exception>
    /// <exception cref="InvalidDataException">
    /// Another program has changed the log, or its files are gone; nothing counts as stored, and nothing will.
    /// </exception>
    public void Commit(IReadOnlyCollection<PendingWrite> group, Func<bool> isInPlace)
    {
        long size = _tree.Size;
        string note = _note;
        try
        {
            InTransaction(() =>
            {
                if (_connection.Scalar("SELECT size FROM checkpoint") as long? != size)
                    throw new InvalidDataException("another program has changed the log");
                foreach (PendingWrite write in group)
                {
                    if (!write.Write(_rows))
                        write.Reject();
                }
                if (_tree.Size > size || group.Count == 0)
                    note = WriteCheckpoint(size);
            });
        }
        catch
        {
            _tree.Truncate(size);
            throw;
        }
        if (!isInPlace())
            throw new InvalidDataException(ReceiptDirectory.Gone);
        foreach (PendingWrite write in group)
            write.Prove(_tree, note);
        _tree.Keep();
        Volatile.Write(ref _note, note);
    }

    /// <summary>Deletes receipts with their salts, oldest first. Their log entries stay.</summary>
    /// <returns>The number of deleted receipts.</returns>
    /// <exception cref="SqliteException">Nothing was deleted.</exception>
    public int Prune(DateTimeOffset before, int atMost)
    {
        List<(long Entry, byte[] Id, byte[]? Owner)> due = [];
        using (
            SqliteCommand query = _connection.Query(
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
        InTransaction(() =>
        {
            foreach ((long entry, byte[] id, byte[]? owner) in due)
            {
                using SqliteCommand remember = _connection.Query(
                    "INSERT INTO pruned (entry, id_hash, owner_hash) VALUES ($1, $2, $3)",
                    entry,
                    PrunedId.Of(id),
                    (object?)PrunedId.OwnerOf(id, owner) ?? DBNull.Value
                );
                remember.ExecuteNonQuery();
                using SqliteCommand delete = _connection.Query("DELETE FROM receipt WHERE entry = $1", entry);
                delete.ExecuteNonQuery();
            }
        });
        // What they took goes back to the file system, in small pieces too.
        _connection.Execute($"PRAGMA incremental_vacuum({FreedPages})");
        return due.Count;
    }

    /// <summary>Whether any of the newest receipts has an owner.</summary>
    public bool HasOwners() =>
        _connection.Scalar("SELECT max(owner) FROM (SELECT owner FROM receipt ORDER BY entry DESC LIMIT 1000)")
        is byte[];

    /// <summary>When the newest receipt was issued; null if there is none.</summary>
    public DateTimeOffset? NewestReceipt() =>
        _connection.Scalar("SELECT max(issued_at) FROM receipt") is long seconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    /// <summary>
    /// Moves the write-ahead log into the database and truncates it, so that no file contains deleted data
    /// (https://sqlite.org/pragma.html#pragma_wal_checkpoint).
    /// </summary>
    public void Compact() => _connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");

    public void Dispose()
    {
        _rows.Dispose();
        _connection.Dispose();
    }

    private static ReceiptLog Begin(SqliteConnection connection, SigningKey key, string? name, string? published)
    {
        if (published is not null)
            throw new InvalidDataException("there is a file checkpoint, but the database is empty or missing");
        var log = new ReceiptLog(connection, key, LogOrigin.Create(name ?? LogOrigin.DefaultName), new MerkleTree())
        {
            IsNew = true,
        };
        log.InTransaction(() =>
        {
            ReceiptDatabase.CreateTables(connection);
            log._rows.Begin(LogEntry.Open(new NoteKey(log.Origin, key.PublicKey)));
            log._note = log.WriteCheckpoint(0);
        });
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

    private string WriteCheckpoint(long from)
    {
        _rows.WriteTiles(from);
        string note = new Checkpoint(Origin, _tree.Size, _tree.Root).Sign(_key).ToString();
        _rows.WriteCheckpoint(note);
        return note;
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
