using System.Security.Cryptography;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>Read-only access to a receipt folder, while a server may be writing to it.</summary>
internal sealed class ReceiptArchive : IDisposable
{
    private readonly string _log;

    private ReceiptArchive(string log, SqliteConnection connection, NoteKey key) =>
        (_log, Receipts, LogKey) = (log, new ReceiptReader(connection, key), key);

    public ReceiptReader Receipts { get; }

    /// <summary>The key of the log's first entry.</summary>
    public NoteKey LogKey { get; }

    /// <exception cref="ReceiptStoreException">There are no receipts, or they can't be read.</exception>
    public static ReceiptArchive Open(string folder)
    {
        string path = Path.GetFullPath(folder);
        if ((Directory.Exists(path) ? ReceiptDirectory.LastLogIn(path) : null) is not { } log)
            throw new ReceiptStoreException(
                $"--data-dir: there are no receipts in {path}. Give the --data-dir of the server that issued them."
            );
        string database = ReceiptDirectory.DatabaseIn(log);
        if (!File.Exists(database))
            throw new ReceiptStoreException($"--data-dir: the log in {log} has no database. Restore it from a copy.");
        SqliteConnection? connection = null;
        try
        {
            connection = ReceiptDatabase.OpenReader(database);
            long version = ReceiptDatabase.VersionOf(connection);
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
                    $"--data-dir: the log in {log} does not begin with its key. Restore the folder from a copy."
                );
            }
            return new ReceiptArchive(log, connection, key);
        }
        catch (SqliteException e)
        {
            connection?.Dispose();
            throw new ReceiptStoreException(Unreadable(folder, e));
        }
        catch (ReceiptStoreException)
        {
            connection?.Dispose();
            throw;
        }
    }

    /// <summary>Checks every row, the published checkpoint and the key.</summary>
    /// <returns>The number of entries.</returns>
    /// <exception cref="InvalidDataException">Something is wrong; the message is a clause.</exception>
    public async Task<long> CheckAsync(CancellationToken cancellation)
    {
        OpenKey().Dispose();
        // Before the database, which a server that is running may grow meanwhile.
        string file = ReceiptDirectory.CheckpointIn(_log);
        string? published = File.Exists(file) ? await File.ReadAllTextAsync(file, cancellation) : null;
        return await Receipts.CheckAsync(published, cancellation);
    }

    /// <summary>The log's private key.</summary>
    /// <exception cref="InvalidDataException">It is missing, can't be used, or is another one.</exception>
    public SigningKey OpenKey()
    {
        string file = ReceiptDirectory.KeyIn(_log);
        if (!File.Exists(file))
            throw new InvalidDataException($"the key {file} is missing");
        try
        {
            SigningKey key = SigningKeyFile.Read(file);
            if (key.PublicKey.KeyId == LogKey.Key.KeyId)
                return key;
            key.Dispose();
            throw new InvalidDataException($"the key {file} is not the one of the log");
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException($"the key {file} can't be used: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>The message for an error while reading.</summary>
    public static string Unreadable(string folder, SqliteException e) =>
        $"--data-dir: the receipts in {Path.GetFullPath(folder)} can't be read: {SqliteProblem.Describe(e)}.";

    public void Dispose() => Receipts.Dispose();
}
