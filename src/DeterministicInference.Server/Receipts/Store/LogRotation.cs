using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Signing;
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
    /// <param name="signers">The programs that have keys of the two logs.</param>
    /// <param name="name">The next log's name, without the random part of its origin; null for the same.</param>
    /// <param name="revokes">Whether the present key counts no longer, but for what is in the log.</param>
    /// <exception cref="ReceiptStoreException">There is no log, or its key can't be used.</exception>
    /// <exception cref="SignerException">A program gave no signature.</exception>
    /// <exception cref="InvalidDataException">The log is inconsistent; the message is a clause.</exception>
    /// <exception cref="SqliteException">The database can't be used.</exception>
    public static void Run(ReceiptDirectory folder, LogSigners signers, string? name, bool revokes)
    {
        using (LogKey key = LogKeyFile.Open(folder.Log, signers))
        {
            if (key.IsNew)
            {
                throw new ReceiptStoreException(
                    $"--data-dir: {folder.Path} has no log to end. receipts init, or the server, begins one."
                );
            }
            using ReceiptLog log = ReceiptLog.Open(folder.Log, key.Signer, begin: null);
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
                new RevocationFile(folder.Log, log.Key).RequireFree();
                folder.RequireNextFree();
                if (signers.Next is { } signer)
                    RequireUnused(folder, signer.PublicKey);
                ReceiptDirectory.Create(folder.Next.Path);
                using LogKey next = LogKeyFile.OpenOrCreate(folder.Next, signers);
                string origin = LogOrigin.Create(name ?? NameOf(log.Key.Name));
                // The line names the key: the key's folder must not be lost after it.
                AtomicFile.SyncFolder(folder.Path);
                log.Close(new LogEnd(new NoteKey(origin, next.Signer.PublicKey), revokes));
            }
        }
        Finish(folder, signers);
    }

    /// <summary>Begins the log that follows one which has ended.</summary>
    /// <exception cref="ReceiptStoreException">
    /// The next log's key is missing or can't be used, or no program was given that has a key which has to sign.
    /// </exception>
    /// <exception cref="SignerException">A program gave no signature.</exception>
    /// <exception cref="InvalidDataException">A log is inconsistent; the message is a clause.</exception>
    /// <exception cref="SqliteException">A database can't be used.</exception>
    public static void Finish(ReceiptDirectory folder, LogSigners signers)
    {
        try
        {
            BeginNext(folder, signers);
        }
        catch (Exception e) when (WriteFailure.Is(e) && e is not ReceiptStoreException)
        {
            throw new ReceiptStoreException(
                $"--data-dir: the rotation of the log in {folder.Log.Path} can't be finished: "
                    + $"{e.Message.TrimEnd('.')}. Make room, or move away what has the name, and repeat the command."
            );
        }
    }

    private static void BeginNext(ReceiptDirectory folder, LogSigners signers)
    {
        LogFolder next = folder.Next;
        using LogKey key = LogKeyFile.Open(folder.Log, signers);
        LogState last;
        using (ReceiptLog log = ReceiptLog.Open(folder.Log, key.Signer, begin: null))
        {
            last = log.ReadState();
            // A crash may have come before the file of the last checkpoint.
            log.Publish();
        }
        LogEnd end = last.End!;
        if (!next.HasKey)
            throw new ReceiptStoreException(Missing(folder, end));
        using (LogKey nextKey = LogKeyFile.Open(next, signers))
        {
            if (nextKey.Signer.PublicKey.KeyId != end.Next.Key.KeyId)
                throw new ReceiptStoreException(Missing(folder, end));
            var revocation = new RevocationFile(folder.Log, last.Key);
            if (end.IsRevoked && !revocation.IsIntact(last))
                revocation.Write(last, key, nextKey);
            var predecessor = new LogPredecessor(last.Key, last.Checkpoint.Size, last.Checkpoint.Root);
            var begin = new NewLog(end.Next.Name, predecessor);
            using ReceiptLog log = ReceiptLog.Open(next, nextKey.Signer, nextKey.IsNew ? begin : null);
            last.RequireFollowedBy(log.ReadState());
            if (nextKey.IsNew)
                nextKey.Keep();
            log.Publish();
        }
        folder.TakeNext();
    }

    /// <summary>Revokes the key of a log that has ended: nothing that it signs from now on counts.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="signers">The programs that have keys of the log and of the one that follows it.</param>
    /// <param name="name">The log's origin, or its verifier key.</param>
    /// <returns>The file of the revocation.</returns>
    /// <exception cref="ReceiptStoreException">There is no such log, or a key can't be used.</exception>
    /// <exception cref="SignerException">A program gave no signature.</exception>
    /// <exception cref="InvalidDataException">The log is inconsistent; the message is a clause.</exception>
    /// <exception cref="SqliteException">A database can't be used.</exception>
    public static string Revoke(ReceiptDirectory folder, LogSigners signers, string name)
    {
        using ReceiptArchive logs = ReceiptArchive.Open([.. folder.Closed, folder.Log]);
        LogArchive log =
            logs.Logs.FirstOrDefault(one => one.Key.Name == name || one.Key.ToString() == name)
            ?? throw new ReceiptStoreException(
                $"--data-dir: {folder.Path} has no log '{name}'. Give the origin or the verifier key of one of: "
                    + $"{string.Join(", ", logs.Logs.Select(one => one.Key.Name))}."
            );
        LogState state = log.ReadState();
        if (state.End is not { } end)
        {
            throw new ReceiptStoreException(
                $"The log {log.Key.Name} has not ended. Revoke its key with receipts rotate --revoke, which ends it."
            );
        }
        if (log.Revocation.IsIntact(state))
            return log.Revocation.Path;
        if (log.Folder.Number == folder.Log.Number && folder.Next.HasKey)
        {
            throw new ReceiptStoreException(
                $"The rotation that ended the log {log.Key.Name} was interrupted. Finish it first: receipts rotate"
                    + (end.IsRevoked ? " --revoke." : ".")
            );
        }
        LogArchive next =
            logs.Logs.FirstOrDefault(one => one.Key.ToString() == end.Next.ToString())
            ?? throw new ReceiptStoreException(
                $"--data-dir: the log that follows {log.Key.Name} is not in {folder.Path}, and its key has to sign "
                    + $"too: {end.Next}. Put its folder back."
            );
        state.RequireFollowedBy(next.ReadState());
        using LogKey key = log.OpenKey(signers),
            nextKey = next.OpenKey(signers);
        log.Revocation.Write(state, key, nextKey);
        return log.Revocation.Path;
    }

    /// <summary>Checks that a program brings another key: the logs of a folder are told apart by their keys.</summary>
    private static void RequireUnused(ReceiptDirectory folder, VerificationKey key)
    {
        foreach (LogFolder folderOf in folder.Closed.Append(folder.Log))
        {
            using LogArchive log = LogArchive.Open(folderOf);
            if (log.Key.Key.KeyId == key.KeyId)
            {
                throw new ReceiptStoreException(
                    $"--signer-command: the command has the key {key.KeyId}, which is already the one of the log in "
                        + $"{folderOf.Path}. Give a command with a new key."
                );
            }
        }
    }

    private static string NameOf(string origin) => origin.LastIndexOf('/') is > 0 and var end ? origin[..end] : origin;

    private static string Missing(ReceiptDirectory folder, LogEnd end) =>
        $"--data-dir: the log in {folder.Log.Path} has ended, and the one that follows it is missing: {end.Next}. "
        + "Restore its folder from a copy, or start a new log in another --data-dir.";
}
