using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Receipts and their log on disk. What <see cref="AppendAsync"/> has accepted survives a crash of the process and of
/// the machine, and is covered by a signed checkpoint. Thread-safe; no caller is blocked.
/// </summary>
internal sealed partial class ReceiptStore : IAsyncDisposable
{
    private readonly ReceiptDirectory _folder;
    private readonly ReceiptLog _log;
    private readonly ReceiptWriter _writer;
    private readonly ReceiptReader _reader;
    private readonly ProblemState _reading,
        _proving;
    private readonly TimeSpan _commitLimit;

    private ReceiptStore(
        ReceiptDirectory folder,
        SigningKey key,
        ReceiptLog log,
        ReceiptWriter writer,
        ReceiptReader reader,
        TimeSpan commitLimit,
        ILogger logger
    )
    {
        (_folder, Key, _log, _writer, _reader, _commitLimit) = (folder, key, log, writer, reader, commitLimit);
        _reading = new ProblemState("Reading receipts", logger);
        _proving = new ProblemState("Proving receipts", logger);
        LogKey = new NoteKey(log.Origin, key.PublicKey);
    }

    /// <summary>Signs checkpoints. Owned by the store.</summary>
    private SigningKey Key { get; }

    /// <summary>The log's name and public key; its text form is the verifier key.</summary>
    public NoteKey LogKey { get; }

    /// <summary>Tells whose receipts are whose.</summary>
    public ReceiptOwners Owners { get; private init; } = ReceiptOwners.None;

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
        ReceiptDirectory folder = ReceiptDirectory.Open(settings.Folder, logger);
        SigningKey? key = null;
        ReceiptLog? log = null;
        try
        {
            (key, bool isNew) = LogKeyFile.Open(folder);
            var file = new CheckpointFile(folder);
            log = ReceiptLog.Open(folder.DatabaseFile, key, isNew, settings.Origin, file.Read());
            if (isNew)
                LogKeyFile.Keep(folder);
            folder.Sync();
            var owners = ReceiptOwners.Open(folder, settings.Clients, log.HasOwners, logger);
            if (folder.OldDatabase is { } old)
                LeftAlone(logger, old);
            if (log.IsNew)
                Begun(logger, log.Origin, key.PublicKey.KeyId, folder.LogPath);
            else
                Continued(logger, log.Origin, key.PublicKey.KeyId, log.Size, folder.LogPath);
            var reader = new ReceiptReader(
                ReceiptDatabase.OpenReader(folder.DatabaseFile),
                new NoteKey(log.Origin, key.PublicKey)
            );
            folder.Hold();
            return new ReceiptStore(
                folder,
                key,
                log,
                new ReceiptWriter(folder, log, file, settings, clock, logger),
                reader,
                settings.CommitLimit,
                logger
            )
            {
                Owners = owners,
            };
        }
        catch (Exception e)
        {
            log?.Dispose();
            key?.Dispose();
            folder.Dispose();
            if (e is InvalidDataException)
                throw Unusable(settings, e.Message);
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
        ReadAsync(_reader.FindAsync(id, cancellation));

    /// <summary>Finds a receipt of one owner by its id; others' do not exist, deleted ones included.</summary>
    /// <param name="id">The receipt's own.</param>
    /// <param name="owner">As <see cref="ReceiptOwners"/> says; null finds those that have none.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<ReceiptLookup> FindOwnAsync(string id, byte[]? owner, CancellationToken cancellation) =>
        ReadAsync(_reader.FindOwnAsync(id, owner, cancellation));

    /// <summary>Lists receipts, newest first.</summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<IReadOnlyList<StoredReceipt>> ListAsync(int limit, CancellationToken cancellation) =>
        ReadAsync(_reader.ListAsync(limit, cancellation));

    /// <summary>The document of an environment as JSON; null if there is none.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="source">The weakest source of its facts, as a statement names it; null for any.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<byte[]?> FindEnvironmentAsync(Sha256Value id, FactSource? source, CancellationToken cancellation) =>
        ReadAsync(_reader.FindEnvironmentAsync(id, source, cancellation));

    /// <summary>Proves that the log has sealed a receipt, under the current checkpoint.</summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    /// <exception cref="InvalidDataException">
    /// The log is damaged there. <see cref="Problem"/> says so from now on; the log is still continued.
    /// </exception>
    public Task<TlogProof> ProveAsync(StoredReceipt receipt, CancellationToken cancellation) =>
        ReadAsync(_reader.ProveAsync(receipt, cancellation));

    /// <summary>The bytes of a tile or bundle of entries; empty if the checkpoint does not cover it.</summary>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    /// <exception cref="InvalidDataException">The log is damaged there.</exception>
    public Task<ReadOnlyMemory<byte>> FindTileAsync(TilePath path, CancellationToken cancellation) =>
        ReadAsync(_reader.FindTileAsync(path, cancellation));

    /// <summary>Checks every entry, tile and receipt.</summary>
    /// <exception cref="InvalidDataException">
    /// The log is inconsistent; the message is a clause that names the part.
    /// </exception>
    public Task CheckAsync(CancellationToken cancellation) => _reader.CheckAsync(published: null, cancellation);

    /// <summary>Stores queued writes, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _reader.Dispose();
        _log.Dispose();
        Key.Dispose();
        _folder.Dispose();
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
            _proving.Report($"{e.Message}; receipts check finds what is damaged");
            throw;
        }
    }

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
                + "The log was not changed. "
                + "Restore the folder as it was when the last receipt was issued, or start a new log in another "
                + "--data-dir; --receipts off serves without receipts."
        );
}
