using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Ends a log and begins the next, with a key of its own. The log's last entry names the next key, and the next log's
/// second entry names the last checkpoint, so that whoever trusts the one can follow to the other.
/// <list type="number">
/// <item>The next key is created in a folder beside the log. A crash after it: the log goes on, and the next rotation
/// takes the key.</item>
/// <item>The last entry is committed. A crash after it, and after each of the following steps: the next start, or the
/// next rotation, takes the remaining ones (<see cref="Finish"/>), and the key is the one that the entry names.</item>
/// <item>If the log's key is revoked, both keys sign that.</item>
/// <item>The next log begins in its folder, and its key gets its name.</item>
/// <item>The folder gets its name: the log is the one that is continued.</item>
/// </list>
/// </summary>
internal static class LogRotation
{
    /// <summary>Ends the present log and begins the next.</summary>
    /// <param name="folder">The folder, whose present log has begun.</param>
    /// <param name="name">The next log's name, without the random part of its origin; null for the same.</param>
    /// <param name="revokes">Whether the present key counts no longer, but for what is in the log.</param>
    /// <exception cref="ReceiptStoreException">There is no log, or its key can't be used.</exception>
    /// <exception cref="InvalidDataException">The log is inconsistent; the message is a clause.</exception>
    /// <exception cref="SqliteException">The database can't be used.</exception>
    public static void Run(ReceiptDirectory folder, string? name, bool revokes)
    {
        (SigningKey key, bool isNew) = LogKeyFile.Open(folder.Log);
        using (key)
        {
            if (isNew)
            {
                throw new ReceiptStoreException(
                    $"--data-dir: {folder.Path} has no log to end. receipts init, or the server, begins one."
                );
            }
            using ReceiptLog log = ReceiptLog.Open(folder.Log, key, begin: null);
            LogState state = log.ReadState();
            if (state.End is { } end)
            {
                // That of a rotation that was interrupted.
                if (end.IsRevoked != revokes)
                {
                    throw new ReceiptStoreException(
                        "A rotation was interrupted that was to "
                            + (end.IsRevoked ? "revoke the key" : "leave the key valid")
                            + $". Repeat it {(end.IsRevoked ? "with" : "without")} --revoke first."
                    );
                }
            }
            else
            {
                ReceiptDirectory.Create(folder.Next.Path);
                using SigningKey next = LogKeyFile.Open(folder.Next).Key;
                string origin = LogOrigin.Create(name ?? NameOf(log.Key.Name));
                log.Close(new LogEnd(new NoteKey(origin, next.PublicKey), revokes));
            }
        }
        Finish(folder);
    }

    /// <summary>Begins the log that follows one which has ended.</summary>
    /// <exception cref="ReceiptStoreException">The next log's key is missing or can't be used.</exception>
    /// <exception cref="InvalidDataException">A log is inconsistent; the message is a clause.</exception>
    /// <exception cref="SqliteException">A database can't be used.</exception>
    public static void Finish(ReceiptDirectory folder)
    {
        LogFolder next = folder.Next;
        using SigningKey key = LogKeyFile.Open(folder.Log).Key;
        LogState last;
        using (ReceiptLog log = ReceiptLog.Open(folder.Log, key, begin: null))
        {
            last = log.ReadState();
            // A crash may have come before the file of the last checkpoint.
            log.Publish();
        }
        LogEnd end = last.End!;
        if (!File.Exists(next.KeyFile) && !File.Exists(next.NewKeyFile))
            throw new ReceiptStoreException(Missing(folder, end));
        (SigningKey nextKey, bool mayBegin) = LogKeyFile.Open(next);
        using (nextKey)
        {
            if (nextKey.PublicKey.KeyId != end.Next.Key.KeyId)
                throw new ReceiptStoreException(Missing(folder, end));
            if (end.IsRevoked && !File.Exists(folder.Log.RevocationFile))
            {
                var revocation = new LogRevocation(last.Key, last.Checkpoint.Size, last.Checkpoint.Root, end.Next);
                folder.Log.WriteRevocation(revocation.Sign(key, nextKey).ToString());
            }
            var predecessor = new LogPredecessor(last.Key, last.Checkpoint.Size, last.Checkpoint.Root);
            var begin = new NewLog(end.Next.Name, predecessor);
            using ReceiptLog log = ReceiptLog.Open(next, nextKey, mayBegin ? begin : null);
            last.RequireFollowedBy(log.ReadState());
            if (mayBegin)
                LogKeyFile.Keep(next);
        }
        folder.TakeNext();
    }

    private static string NameOf(string origin) => origin.LastIndexOf('/') is > 0 and var end ? origin[..end] : origin;

    private static string Missing(ReceiptDirectory folder, LogEnd end) =>
        $"--data-dir: the log in {folder.Log.Path} has ended, and the one that follows it is missing: {end.Next}. "
        + "Restore its folder from a copy, or start a new log in another --data-dir.";
}
