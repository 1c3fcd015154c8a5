using System.Security.Cryptography;
using DeterministicInference.Receipts.Log;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>Read-only access to one log and its receipts, while a server may be writing to it.</summary>
internal sealed class LogArchive : IDisposable
{
    private readonly SqliteConnection _connection;

    private LogArchive(LogFolder folder, SqliteConnection connection, NoteKey key) =>
        (Folder, _connection, Key, Receipts) = (folder, connection, key, new ReceiptReader(connection, key));

    public LogFolder Folder { get; }

    /// <summary>The name and key of the log's first entry.</summary>
    public NoteKey Key { get; }

    public ReceiptReader Receipts { get; }

    public RevocationFile Revocation => new(Folder, Key);

    /// <exception cref="ReceiptStoreException">The log has no database, or one that can't be read.</exception>
    /// <exception cref="SqliteException">The file can't be read.</exception>
    public static LogArchive Open(LogFolder folder)
    {
        string database = folder.DatabaseFile;
        if (!File.Exists(database))
            throw new ReceiptStoreException(
                $"--data-dir: the log in {folder.Path} has no database. Restore it from a copy."
            );
        SqliteConnection? connection = null;
        try
        {
            connection = ReceiptDatabase.OpenReader(database);
            long version = ReceiptDatabase.VersionOf(connection);
            if (version == 0)
                throw new ReceiptStoreException(
                    $"--data-dir: the database in {folder.Path} is empty. Restore the folder as it was when the last "
                        + "receipt was issued."
                );
            if (!ReceiptDatabase.IsKnown(version))
                throw new ReceiptStoreException(
                    $"--data-dir: {database} has version {version}, this program reads version "
                        + $"{ReceiptDatabase.Version}. Use the version of this program that issued the receipts."
                );
            if (
                connection.Scalar("SELECT line FROM entry WHERE idx = 0") is not byte[] first
                || !LogEntry.TryParseOpen(first, out NoteKey? key)
            )
            {
                throw new ReceiptStoreException(
                    $"--data-dir: the log in {folder.Path} does not begin with its key. Restore the folder from a copy."
                );
            }
            return new LogArchive(folder, connection, key);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>How far the log has come. Not while <see cref="Receipts"/> are read.</summary>
    /// <exception cref="InvalidDataException">There is no checkpoint of its key; the message is a clause.</exception>
    public LogState ReadState()
    {
        using SqliteTransaction snapshot = _connection.BeginTransaction(deferred: true);
        return LogState.Read(_connection, Key);
    }

    /// <summary>Whether any of the newest receipts has an owner. Not while <see cref="Receipts"/> are read.</summary>
    public bool HasOwners() => _connection.HasOwners();

    /// <summary>Checks every row, the published checkpoint and the key.</summary>
    /// <returns>What was checked.</returns>
    /// <exception cref="InvalidDataException">Something is wrong; the message is a clause.</exception>
    /// <exception cref="ReceiptStoreException">The key can't be used.</exception>
    public async Task<LogState> CheckAsync(CancellationToken cancellation)
    {
        OpenKey(LogSigners.None).Dispose();
        // Before the database, which a server that is running may grow meanwhile.
        List<(string, string)> published = [];
        if (Folder.ReadCheckpoint() is { } note)
            published.Add((Path.GetFileName(Folder.CheckpointFile), note));
        if (Folder.ReadCosignedCheckpoint() is { } cosigned)
            published.Add((Path.GetFileName(Folder.CosignedCheckpointFile), cosigned));
        return await Receipts.CheckAsync(published, cancellation);
    }

    /// <summary>
    /// Proves that the log has sealed a receipt: under the newest checkpoint that witnesses have cosigned, if it covers
    /// the receipt, else under the newest one. With a revoked key only the log's last one counts.
    /// </summary>
    /// <exception cref="InvalidDataException">The log is damaged there; the message is a clause.</exception>
    /// <exception cref="ReceiptStoreException">The revocation is another one.</exception>
    public async Task<TlogProof> ProveAsync(StoredReceipt receipt, CancellationToken cancellation)
    {
        if (Folder.ReadCosignedCheckpoint() is not { } cosigned)
            return await Receipts.ProveAsync(receipt, cancellation);
        LogState state = ReadState();
        try
        {
            long size = Checkpoint.Verify(cosigned, Key).Size;
            bool isRevoked = state.End is { IsRevoked: true } || Revocation.Read(state) is not null,
                counts = receipt.Index < size && (!isRevoked || size == state.Checkpoint.Size);
            return counts
                ? await Receipts.ProveAsync(receipt, cosigned, cancellation)
                : await Receipts.ProveAsync(receipt, cancellation);
        }
        catch (LogFormatException e)
        {
            throw new InvalidDataException(
                $"the file {Folder.CosignedCheckpointFile} is not this log's: {e.Message.TrimEnd('.')}",
                e
            );
        }
    }

    /// <summary>The log's key.</summary>
    /// <exception cref="InvalidDataException">It is missing, or another one; the message is a clause.</exception>
    /// <exception cref="ReceiptStoreException">It can't be used.</exception>
    public LogKey OpenKey(LogSigners signers)
    {
        string file = File.Exists(Folder.KeyFile) ? Folder.KeyFile : Folder.PublicKeyFile;
        if (!File.Exists(file))
            throw new InvalidDataException($"the key {Folder.KeyFile} is missing, or {Folder.PublicKeyFile}");
        try
        {
            LogKey key = LogKeyFile.Read(Folder, signers);
            if (key.Signer.PublicKey.KeyId == Key.Key.KeyId)
                return key;
            key.Dispose();
            throw new InvalidDataException($"the key {file} is not the one of the log");
        }
        catch (CryptographicException e)
        {
            throw LogKeyFile.Unusable(file, e);
        }
    }

    public void Dispose() => Receipts.Dispose();
}
