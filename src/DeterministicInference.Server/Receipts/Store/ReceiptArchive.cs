using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>Read-only access to logs that follow each other, and their receipts.</summary>
internal sealed class ReceiptArchive : IDisposable
{
    private ReceiptArchive(IReadOnlyList<LogArchive> logs) => Logs = logs;

    /// <summary>In the order in which they began.</summary>
    public IReadOnlyList<LogArchive> Logs { get; }

    /// <summary>All logs of a receipt folder, the last of which a server may be writing to.</summary>
    /// <exception cref="ReceiptStoreException">There are no receipts, or they can't be read.</exception>
    public static ReceiptArchive Open(string folder)
    {
        string path = Path.GetFullPath(folder);
        IReadOnlyList<LogFolder> logs = Directory.Exists(path) ? LogFolder.AllIn(path) : [];
        if (logs.Count == 0)
            throw new ReceiptStoreException(
                $"--data-dir: there are no receipts in {path}. Give the --data-dir of the server that issued them."
            );
        try
        {
            return Open(logs);
        }
        catch (SqliteException e)
        {
            throw new ReceiptStoreException(Unreadable(folder, e));
        }
    }

    /// <summary>Some logs.</summary>
    /// <exception cref="ReceiptStoreException">One has no database, or one that can't be read.</exception>
    /// <exception cref="SqliteException">A file can't be read.</exception>
    public static ReceiptArchive Open(IReadOnlyList<LogFolder> folders)
    {
        List<LogArchive> logs = [];
        try
        {
            foreach (LogFolder folder in folders)
                logs.Add(LogArchive.Open(folder));
            return new ReceiptArchive(logs);
        }
        catch
        {
            logs.ForEach(log => log.Dispose());
            throw;
        }
    }

    /// <inheritdoc cref="ReceiptReader.FindAsync"/>
    public Task<ReceiptLookup> FindAsync(string id, CancellationToken cancellation) =>
        FindAsync(reader => reader.FindAsync(id, cancellation));

    /// <summary>Looks a receipt up in the newest log first.</summary>
    public async Task<ReceiptLookup> FindAsync(Func<ReceiptReader, Task<ReceiptLookup>> find)
    {
        foreach (LogArchive log in Logs.Reverse())
        {
            ReceiptLookup found = await find(log.Receipts);
            if (found.IsKnown)
                return found;
        }
        return default;
    }

    /// <inheritdoc cref="ReceiptReader.FindByAnswerAsync"/>
    public async Task<IReadOnlyList<StoredReceipt>> FindByAnswerAsync(string answerId, CancellationToken cancellation)
    {
        List<StoredReceipt> found = [];
        foreach (LogArchive log in Logs)
            found.AddRange(await log.Receipts.FindByAnswerAsync(answerId, cancellation));
        return found;
    }

    /// <summary>Lists receipts, newest first.</summary>
    public async Task<IReadOnlyList<StoredReceipt>> ListAsync(int limit, CancellationToken cancellation)
    {
        List<StoredReceipt> found = [];
        foreach (LogArchive log in Logs.Reverse().TakeWhile(_ => found.Count < limit))
            found.AddRange(await log.Receipts.ListAsync(limit - found.Count, cancellation));
        return found;
    }

    /// <summary>The document of an environment as JSON.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="source">The weakest source of its facts, as a statement names it.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    public Task<EnvironmentLookup> FindEnvironmentAsync(
        Sha256Value id,
        FactSource source,
        CancellationToken cancellation
    ) =>
        EnvironmentLookup.OfAsync(
            Logs.Reverse().Select(log => log.Receipts),
            reader => reader.FindEnvironmentAsync(id, source, cancellation)
        );

    /// <summary>The log of a name.</summary>
    public LogArchive LogOf(string origin) => Logs.First(log => log.Key.Name == origin);

    /// <summary>Checks every log, and that each follows the one before it.</summary>
    /// <returns>What was checked.</returns>
    /// <exception cref="InvalidDataException">Something is wrong; the message is a clause.</exception>
    /// <exception cref="ReceiptStoreException">A rotation or a revocation is not complete.</exception>
    public async Task<IReadOnlyList<LogState>> CheckAsync(CancellationToken cancellation)
    {
        List<LogState> states = [];
        foreach (LogArchive log in Logs)
        {
            try
            {
                states.Add(await log.CheckAsync(cancellation));
            }
            catch (InvalidDataException e) when (Logs.Count > 1)
            {
                throw new InvalidDataException($"in {log.Folder.Path}: {e.Message}", e);
            }
        }
        if (states[^1].End is { } end)
        {
            LogFolder last = Logs[^1].Folder;
            throw new ReceiptStoreException(
                $"--data-dir: the log {states[^1].Key.Name} has ended, and {end.Next.Name} "
                    + (
                        last.Following.HasKey
                            ? "has not begun. Start the server, or repeat receipts rotate"
                                + $"{(end.IsRevoked ? " --revoke" : "")}: both finish the rotation."
                            : "is not there. Restore its folder as it was when the last receipt was issued."
                    )
            );
        }
        RequireSuccession([.. Logs.Zip(states, (log, state) => (log.Folder.Number, state))]);
        // After the end: a rotation that was interrupted writes its own.
        foreach ((LogArchive log, LogState state) in Logs.SkipLast(1).Zip(states))
            log.Revocation.Read(state);
        return states;
    }

    /// <summary>Checks that each log follows the one before it, whose folder may have been moved away.</summary>
    /// <exception cref="InvalidDataException">One does not; the message is a clause.</exception>
    public static void RequireSuccession(IReadOnlyList<(int Number, LogState State)> logs)
    {
        foreach (((int number, LogState state), (int next, LogState follower)) in logs.Zip(logs.Skip(1)))
        {
            if (next == number + 1)
                state.RequireFollowedBy(follower);
        }
    }

    /// <summary>The message for an error while reading.</summary>
    public static string Unreadable(string folder, SqliteException e) =>
        $"--data-dir: the receipts in {Path.GetFullPath(folder)} can't be read: {SqliteProblem.Describe(e)}."
        + (
            SqliteProblem.IsDamage(e)
                ? " Restore the folder as it was when the last receipt was issued, or start a new log in another "
                    + "--data-dir."
                : ""
        );

    public void Dispose()
    {
        foreach (LogArchive log in Logs)
            log.Dispose();
    }
}
