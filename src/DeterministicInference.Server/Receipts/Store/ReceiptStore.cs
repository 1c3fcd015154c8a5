using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Receipts.Signing;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Receipts and their log on disk, with the logs that have ended before it. What <see cref="AppendAsync"/> has accepted
/// survives a crash of the process and of the machine, and is covered by a signed checkpoint. Thread-safe; no caller is
/// blocked.
/// </summary>
internal sealed partial class ReceiptStore : IAsyncDisposable
{
    private readonly List<IDisposable> _owned;
    private readonly ReceiptLog _log;
    private readonly ReceiptWriter _writer;
    private readonly ReceiptReader _reader;
    private readonly ReceiptArchive _closed;
    private readonly ProblemState _reading,
        _proving;
    private readonly TimeSpan _commitLimit;

    private ReceiptStore(
        ReceiptLog log,
        ReceiptWriter writer,
        ReceiptReader reader,
        ReceiptArchive closed,
        List<IDisposable> owned,
        TimeSpan commitLimit,
        ILogger logger
    )
    {
        (_log, _writer, _reader, _closed) = (log, writer, reader, closed);
        (_owned, _commitLimit) = (owned, commitLimit);
        _reading = new ProblemState("Reading receipts", logger);
        _proving = new ProblemState("Proving receipts", logger);
    }

    /// <summary>The log's name and public key; its text form is the verifier key.</summary>
    public NoteKey LogKey => _log.Key;

    /// <summary>Whether the log was begun when it was opened.</summary>
    public bool IsNew => _log.IsNew;

    /// <summary>The number of the log among those of the folder.</summary>
    public required int Number { get; init; }

    /// <summary>The logs before it that are still there.</summary>
    public required IReadOnlyList<ClosedLog> ClosedLogs { get; init; }

    /// <summary>Tells whose receipts are whose.</summary>
    public ReceiptOwners Owners { get; private init; } = ReceiptOwners.None;

    /// <summary>The folder of the log.</summary>
    public required LogFolder LogFolder { get; init; }

    /// <summary>Whether the folder is still the one that was opened. For any thread.</summary>
    public bool IsInPlace => _writer.IsInPlace;

    /// <summary>The signed checkpoint of all stored entries.</summary>
    public string Checkpoint => _log.Note;

    /// <summary>What works at present.</summary>
    public StoreState State =>
        _writer.State is var state && state.Problem is null
            ? state with
            {
                Problem = _reading.Problem ?? _proving.Problem,
            }
            : state;

    /// <inheritdoc cref="StoreState.Problem"/>
    public string? Problem => State.Problem;

    /// <summary>Number of transactions so far; under load lower than the number of receipts.</summary>
    public long Commits => _writer.Commits;

    /// <summary>Opens the store, or creates it, and checks that its log is consistent.</summary>
    /// <exception cref="ReceiptStoreException">The store can't be used. The message contains the remedy.</exception>
    public static ReceiptStore Open(ReceiptStoreSettings settings, TimeProvider clock, ILogger logger)
    {
        // The last one is disposed first.
        List<IDisposable> owned = [];
        try
        {
            ReceiptDirectory folder = Own(owned, ReceiptDirectory.Open(settings.Folder, logger, settings.IfInUse));
            ReceiptLog log = OpenLog(folder, OpenSigners(settings, clock, logger, owned), settings.Origin, owned);
            if (settings.Origin is { } name && !LogOrigin.HasName(log.Key.Name, name))
            {
                throw new ReceiptStoreException(
                    $"--log-origin: the log in {folder.Log.Path} is named '{log.Key.Name}', and a log keeps its name. "
                        + "Leave the setting out, or end the log and begin the next with receipts rotate --log-origin."
                );
            }
            folder.Sync();
            ReceiptArchive closed = Own(owned, ReceiptArchive.Open(folder.Closed));
            ClosedLog[] logs = [.. closed.Logs.Select(ClosedLog.Of)];
            ReceiptArchive.RequireSuccession([
                .. logs.Select(old => (old.Archive.Folder.Number, old.State)),
                (folder.Log.Number, log.ReadState()),
            ]);
            var owners = ReceiptOwners.Open(
                folder,
                settings.Clients,
                () => log.HasOwners() || closed.Logs.Any(old => old.HasOwners()),
                logger
            );
            if (folder.OldDatabase is { } older)
                LeftAlone(logger, older);
            if (log.IsNew)
                Begun(logger, log.Key.Name, log.Key.Key.KeyId, folder.Log.Path);
            else
                Continued(logger, log.Key.Name, log.Key.Key.KeyId, log.Size, folder.Log.Path);
            var reader = new ReceiptReader(ReceiptDatabase.OpenReader(folder.Log.DatabaseFile), log.Key);
            owned.Add(reader);
            List<ReceiptRows> rows = [log.Receipts];
            if (settings.Retention != Timeout.InfiniteTimeSpan)
                rows.AddRange(
                    folder.Closed.Select(old => new ReceiptRows(
                        Own(owned, ReceiptDatabase.OpenWriter(old.DatabaseFile))
                    ))
                );
            folder.Hold();
            var retention = new ReceiptRetention(rows, settings.Retention, clock, logger);
            var writer = new ReceiptWriter(folder, log, retention, settings, clock, logger);
            return new ReceiptStore(log, writer, reader, closed, owned, settings.CommitLimit, logger)
            {
                Number = folder.Log.Number,
                LogFolder = folder.Log,
                ClosedLogs = logs,
                Owners = owners,
            };
        }
        catch (Exception e)
        {
            Dispose(owned);
            if (e is InvalidDataException)
                throw Unusable(settings, e.Message);
            if (e is SignerException signer)
                throw new ReceiptStoreException(signer.Explain());
            if (e is SqliteException error)
            {
                string problem = SqliteProblem.Describe(error);
                throw SqliteProblem.IsDamage(error) ? Unusable(settings, problem) : Unreachable(settings, problem);
            }
            throw;
        }
    }

    /// <summary>Seals and stores a receipt. It may be sent only once a proof is returned.</summary>
    /// <returns>
    /// The proof that the log contains it; null if it could not be stored in time: the receipt does not exist then, and
    /// <see cref="Problem"/> says why.
    /// </returns>
    /// <exception cref="OperationCanceledException">
    /// The wait was cancelled; the receipt may or may not be stored.
    /// </exception>
    public async Task<TlogProof?> AppendAsync(NewReceipt receipt, CancellationToken cancellation)
    {
        var write = new PendingReceipt(receipt);
        return await StoreAsync(write, cancellation) ? write.Proof : null;
    }

    /// <summary>Stores an environment permanently.</summary>
    /// <returns>Whether it was stored.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public Task<bool> PutEnvironmentAsync(InferenceEnvironment environment, CancellationToken cancellation) =>
        StoreAsync(new PendingEnvironment(environment), cancellation);

    /// <summary>Finds a receipt by its id.</summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<ReceiptLookup> FindAsync(string id, CancellationToken cancellation) =>
        ReadAsync(FindInAllAsync(reader => reader.FindAsync(id, cancellation)));

    /// <summary>Finds a receipt of one owner by its id; others' do not exist, deleted ones included.</summary>
    /// <param name="id">The receipt's own.</param>
    /// <param name="owner">As <see cref="ReceiptOwners"/> says; null finds those that have none.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<ReceiptLookup> FindOwnAsync(string id, byte[]? owner, CancellationToken cancellation) =>
        ReadAsync(FindInAllAsync(reader => reader.FindOwnAsync(id, owner, cancellation)));

    /// <summary>
    /// The document of an environment as JSON. A damaged copy of it is told in <see cref="Problem"/> from now on.
    /// </summary>
    /// <param name="id">Its id.</param>
    /// <param name="source">The weakest source of its facts, as a statement names it; null for any.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public async Task<EnvironmentLookup> FindEnvironmentAsync(
        Sha256Value id,
        FactSource? source,
        CancellationToken cancellation
    )
    {
        EnvironmentLookup found = await ReadAsync(
            EnvironmentLookup.OfAsync(
                _closed.Logs.Reverse().Select(log => log.Receipts).Prepend(_reader),
                reader => reader.FindEnvironmentAsync(id, source, cancellation)
            )
        );
        if (found.Damage is { } damage)
            ReportDamage(damage);
        return found;
    }

    /// <summary>Proves that the log has sealed a receipt, under its current checkpoint.</summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    /// <exception cref="InvalidDataException">
    /// The log is damaged there. <see cref="Problem"/> says so from now on; the log is still continued.
    /// </exception>
    public Task<TlogProof> ProveAsync(StoredReceipt receipt, CancellationToken cancellation) =>
        ReadAsync(ReaderOf(receipt.Origin).ProveAsync(receipt, cancellation));

    /// <summary>Proves the same under an older checkpoint of this log that covers the receipt.</summary>
    /// <inheritdoc cref="ProveAsync(StoredReceipt, CancellationToken)"/>
    public Task<TlogProof> ProveAsync(StoredReceipt receipt, string under, CancellationToken cancellation) =>
        ReadAsync(ReaderOf(receipt.Origin).ProveAsync(receipt, under, cancellation));

    /// <summary>Computes something of the tree of a log, also of one that has ended, by its name.</summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<T> TreeAsync<T>(string origin, Func<TileReader, T> compute, CancellationToken cancellation) =>
        ReadAsync(ReaderOf(origin).TreeAsync(compute, cancellation));

    /// <summary>
    /// The bytes of a tile or bundle of entries; empty if there is no such log, or its checkpoint does not cover it.
    /// </summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    /// <exception cref="InvalidDataException">The log is damaged there.</exception>
    public async Task<ReadOnlyMemory<byte>> FindTileAsync(int number, TilePath path, CancellationToken cancellation)
    {
        ReceiptReader? reader = number == Number ? _reader : ClosedAt(number)?.Archive.Receipts;
        return reader is null ? default : await ReadAsync(reader.FindTileAsync(path, cancellation));
    }

    /// <summary>The signed checkpoint of a log; null if there is no such log.</summary>
    public string? CheckpointOf(int number) => number == Number ? Checkpoint : ClosedAt(number)?.State.Note;

    /// <summary>Stores queued writes, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        Dispose(_owned);
    }

    private static T Own<T>(List<IDisposable> owned, T resource)
        where T : IDisposable
    {
        owned.Add(resource);
        return resource;
    }

    private static void Dispose(List<IDisposable> owned)
    {
        foreach (IDisposable resource in Enumerable.Reverse(owned))
            resource.Dispose();
    }

    /// <summary>Opens the log that is continued, or begins it, or the one that follows it if it has ended.</summary>
    private static ReceiptLog OpenLog(
        ReceiptDirectory folder,
        LogSigners signers,
        string? name,
        List<IDisposable> owned
    )
    {
        // Only a rotation begins a log after the first.
        if (folder.Log.Number > 1 && !folder.Log.HasKey)
        {
            throw new ReceiptStoreException(
                $"--data-dir: {folder.Log.Path} has no key, and is no log. If it is empty, move it away; else restore "
                    + "its key from a copy, or give another --data-dir, where a new log begins."
            );
        }
        LogKey key = Own(owned, LogKeyFile.OpenOrCreate(folder.Log, signers));
        NewLog? begin = key.IsNew ? new NewLog(LogOrigin.Create(name ?? LogOrigin.DefaultName)) : null;
        ReceiptLog log = Own(owned, ReceiptLog.Open(folder.Log, key.Signer, begin));
        if (key.IsNew)
            key.Keep();
        if (log.ReadState().End is null)
        {
            key.RequireContinuable(signers);
            return log;
        }
        log.Dispose();
        LogRotation.Finish(folder, signers);
        return OpenLog(folder, signers, name, owned);
    }

    private static LogSigners OpenSigners(
        ReceiptStoreSettings settings,
        TimeProvider clock,
        ILogger logger,
        List<IDisposable> owned
    ) =>
        settings.SignerCommand.Count == 0
            ? LogSigners.None
            : new LogSigners(
                Own(
                    owned,
                    CommandSigner.Start(
                        settings.SignerCommand,
                        settings.SignerLimits,
                        clock,
                        settings.SignerLogger ?? logger
                    )
                )
            );

    private ReceiptReader ReaderOf(string origin) => origin == LogKey.Name ? _reader : _closed.LogOf(origin).Receipts;

    private ClosedLog? ClosedAt(int number) => ClosedLogs.FirstOrDefault(log => log.Archive.Folder.Number == number);

    private async Task<ReceiptLookup> FindInAllAsync(Func<ReceiptReader, Task<ReceiptLookup>> find)
    {
        ReceiptLookup found = await find(_reader);
        return found.IsKnown ? found : await _closed.FindAsync(find);
    }

    private async Task<T> ReadAsync<T>(Task<T> reading)
    {
        try
        {
            T found = await reading;
            _reading.Clear();
            return found;
        }
        catch (SqliteException e)
        {
            string problem = SqliteProblem.Describe(e);
            _reading.Report(problem);
            throw new ReceiptStoreException($"The receipts can't be read: {problem}.");
        }
        catch (InvalidDataException e)
        {
            ReportDamage(e.Message);
            throw;
        }
    }

    private void ReportDamage(string what) => _proving.Report($"{what}; receipts check finds what is damaged");

    private async Task<bool> StoreAsync(PendingWrite write, CancellationToken cancellation)
    {
        if (!_writer.TryAdd(write))
            return false;
        try
        {
            return await write.Done.WaitAsync(_commitLimit, cancellation);
        }
        catch (TimeoutException)
        {
            write.Fail();
            _writer.ReportSlow(_commitLimit);
            // The write may have been committed at the same moment.
            return await write.Done;
        }
        catch (OperationCanceledException)
        {
            write.Fail();
            throw;
        }
    }

    [LoggerMessage(
        LogLevel.Information,
        "{Database} has receipts of an older form: it is left as it is, for the version of this program that issued "
            + "them"
    )]
    private static partial void LeftAlone(ILogger logger, string database);

    [LoggerMessage(LogLevel.Information, "A new log of receipts begins: {Origin}, key {KeyId}, in {Folder}")]
    private static partial void Begun(ILogger logger, string origin, Sha256Value keyId, string folder);

    [LoggerMessage(
        LogLevel.Information,
        "Receipts go to the log {Origin}, key {KeyId}, {Entries} entries, in {Folder}"
    )]
    private static partial void Continued(
        ILogger logger,
        string origin,
        Sha256Value keyId,
        long entries,
        string folder
    );

    private static ReceiptStoreException Unreachable(ReceiptStoreSettings settings, string what) =>
        new(
            $"--data-dir: the log of receipts in {Path.GetFullPath(settings.Folder)} can't be opened: {what}. "
                + "Repair it, give another --data-dir, or --receipts off to serve without receipts."
        );

    private static ReceiptStoreException Unusable(ReceiptStoreSettings settings, string what) =>
        new(
            $"--data-dir: the log of receipts in {Path.GetFullPath(settings.Folder)} can't be continued: {what}. "
                + "Restore the folder as it was when the last receipt was issued, or start a new log in another "
                + "--data-dir; --receipts off serves without receipts."
        );
}
