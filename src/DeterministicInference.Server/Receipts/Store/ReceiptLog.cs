using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The writing side of the log: one connection, and the right edge of the tree. Not thread-safe.</summary>
internal sealed class ReceiptLog : IDisposable
{
    private const string WithoutLog = "there is its key, but the database is empty or missing";

    private readonly LogFolder _folder;
    private readonly SqliteConnection _connection;
    private readonly ISigner _key;
    private readonly MerkleTree _tree;
    private readonly LogRows _rows;
    private string _note = "";

    private ReceiptLog(LogFolder folder, SqliteConnection connection, ISigner key, NoteKey name, MerkleTree tree)
    {
        (_folder, _connection, _key, Key, _tree) = (folder, connection, key, name, tree);
        _rows = new LogRows(connection, tree);
        Receipts = new ReceiptRows(connection);
    }

    /// <summary>Name and public key.</summary>
    public NoteKey Key { get; }

    /// <summary>The signed checkpoint of the committed entries. Any thread may read it.</summary>
    public string Note => Volatile.Read(ref _note);

    public long Size => _tree.Size;

    /// <summary>Whether it was created when it was opened.</summary>
    public bool IsNew { get; private init; }

    /// <summary>The stored receipts, for the thread that commits.</summary>
    public ReceiptRows Receipts { get; }

    /// <summary>Opens a consistent log, or begins one.</summary>
    /// <param name="folder">The log's folder.</param>
    /// <param name="key">The log's key, which stays the caller's.</param>
    /// <param name="begin">What it begins with if there is none; null if the key may not begin one.</param>
    /// <exception cref="InvalidDataException">The log is inconsistent; the message is a clause.</exception>
    /// <exception cref="ReceiptStoreException">It has tables of another version.</exception>
    /// <exception cref="SqliteException">The file is damaged, or can't be opened.</exception>
    public static ReceiptLog Open(LogFolder folder, ISigner key, NewLog? begin)
    {
        // Before it is opened, which would write to it.
        if (begin is null && new FileInfo(folder.DatabaseFile) is not { Exists: true, Length: > 0 })
            throw new InvalidDataException(WithoutLog);
        string? published = folder.ReadCheckpoint();
        SqliteConnection connection = ReceiptDatabase.OpenWriter(folder.DatabaseFile);
        try
        {
            long version = ReceiptDatabase.VersionOf(connection);
            if (version != 0 && !ReceiptDatabase.IsKnown(version))
            {
                throw new ReceiptStoreException(
                    $"--data-dir: {folder.DatabaseFile} was made by another version of this program. Use that one, or "
                        + "another --data-dir."
                );
            }
            if (version == 0 && begin is null)
                throw new InvalidDataException(WithoutLog);
            if (version == 0)
                return Begin(folder, connection, key, begin!, published);
            var name = new NoteKey(OriginOf(connection), key.PublicKey);
            var check = new LogCheck(connection, name);
            var log = new ReceiptLog(folder, connection, key, name, check.CheckEdge())
            {
                _note = (string)connection.Scalar("SELECT note FROM checkpoint")!,
            };
            if (published is not null)
                check.CheckPublished(published, Path.GetFileName(folder.CheckpointFile));
            connection.InTransaction(() => ReceiptDatabase.Migrate(connection));
            return log;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Whether any of the newest receipts has an owner.</summary>
    public bool HasOwners() => _connection.HasOwners();

    /// <summary>What is stored of it.</summary>
    public LogState ReadState() => LogState.Read(_connection, Key);

    /// <summary>Ends the log with a last entry and its checkpoint: none can be added after it.</summary>
    /// <exception cref="SqliteException">Nothing was stored.</exception>
    public void Close(LogEnd end)
    {
        long size = _tree.Size;
        string note = "";
        _connection.InTransaction(() =>
        {
            _rows.Append(LogEntry.Close(end));
            note = WriteCheckpoint(size);
        });
        Volatile.Write(ref _note, note);
        Publish();
    }

    /// <summary>Writes the file of the checkpoint.</summary>
    /// <exception cref="Exception">It can't be written: one of <see cref="Native.WriteFailure.Is"/>.</exception>
    public void Publish() => _folder.WriteCheckpoint(Note);

    /// <summary>
    /// Stores all writes in one transaction with the signed checkpoint. Without writes the checkpoint is signed and
    /// stored again.
    /// <list type="number">
    /// <item>Rows, tiles and checkpoint are written. A crash before the commit is durable: none of them exists, and
    /// nobody holds one of these receipts.</item>
    /// <item>The commit is durable. A crash after it: the log has the receipts, and nobody may hold them. The log has
    /// only grown, so that nothing contradicts what was given out.</item>
    /// <item>Each receipt gets its proof, and the caller gives it out: it is on disk.</item>
    /// <item>The file of the checkpoint is written later (<see cref="Publish"/>). A crash before it: the file is behind
    /// the database, which the next start accepts. It is never ahead.</item>
    /// </list>
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
            _connection.InTransaction(() =>
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

    public void Dispose()
    {
        _rows.Dispose();
        _connection.Dispose();
    }

    private static ReceiptLog Begin(
        LogFolder folder,
        SqliteConnection connection,
        ISigner key,
        NewLog begin,
        string? published
    )
    {
        if (published is not null)
            throw new InvalidDataException("there is a file checkpoint, but the database is empty or missing");
        var name = new NoteKey(begin.Origin, key.PublicKey);
        var log = new ReceiptLog(folder, connection, key, name, new MerkleTree()) { IsNew = true };
        connection.InTransaction(() =>
        {
            ReceiptDatabase.CreateTables(connection);
            log._rows.Append(LogEntry.Open(name));
            if (begin.Predecessor is { } predecessor)
                log._rows.Append(LogEntry.After(predecessor));
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
        string note = new Checkpoint(Key.Name, _tree.Size, _tree.Root).Sign(_key).ToString();
        _rows.WriteCheckpoint(note);
        return note;
    }
}
