using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts;

/// <summary>
/// Receipts and their log on disk. What <see cref="AppendAsync"/> has accepted survives a crash of the process and of the machine, and is covered by a
/// signed checkpoint. May be used by any thread; none is blocked.
/// </summary>
internal sealed class ReceiptStore : IAsyncDisposable
{
    private readonly DataDirectory _folder;
    private readonly ReceiptLog _log;
    private readonly ReceiptWriter _writer;
    private readonly ReceiptReader _reader;
    private readonly TimeSpan _commitLimit;

    private ReceiptStore(DataDirectory folder, SigningKey key, ReceiptLog log, ReceiptWriter writer, ReceiptReader reader, TimeSpan commitLimit)
    {
        (_folder, Key, _log, _writer, _reader, _commitLimit) = (folder, key, log, writer, reader, commitLimit);
        LogKey = new NoteKey(log.Origin, key.PublicKey);
    }

    /// <summary>Signs receipts and checkpoints. Belongs to the store.</summary>
    public SigningKey Key { get; }

    /// <summary>The log's name and public key; its text is the verifier key string.</summary>
    public NoteKey LogKey { get; }

    /// <summary>The signed checkpoint of all that is stored.</summary>
    public string Checkpoint => _log.Note;

    /// <summary>Null, or why receipts can't be stored. It mends itself when the disk does.</summary>
    public string? Problem => _writer.Problem;

    /// <summary>Transactions so far: fewer than receipts under load.</summary>
    public long Commits => _writer.Commits;

    /// <summary>Opens the store, creates it where it is missing, and checks that its log holds together.</summary>
    /// <exception cref="ReceiptStoreException">It can't be used. The message has the remedy.</exception>
    public static ReceiptStore Open(ReceiptStoreSettings settings, TimeProvider clock, ILogger logger)
    {
        DataDirectory folder = DataDirectory.Open(settings.Folder, logger);
        SigningKey? key = null;
        ReceiptLog? log = null;
        try
        {
            key = LogKeyFile.Open(folder);
            var file = new CheckpointFile(folder);
            log = ReceiptLog.Open(folder.DatabaseFile, key, settings.Origin, file.Read());
            folder.Sync();
            var reader = new ReceiptReader(ReceiptDatabase.OpenReader(folder.DatabaseFile), key.PublicKey.KeyId);
            return new ReceiptStore(folder, key, log, new ReceiptWriter(log, file, settings, clock, logger), reader, settings.CommitLimit);
        }
        catch (Exception e)
        {
            log?.Dispose();
            key?.Dispose();
            folder.Dispose();
            if (e is InvalidDataException) throw Unusable(settings, e.Message);
            if (e is SqliteException error)
            {
                string problem = SqliteProblem.Describe(error);
                throw SqliteProblem.IsDamage(error) ? Unusable(settings, problem) : Unreachable(settings, problem);
            }
            throw;
        }
    }

    /// <summary>Stores a receipt. When it returns an index, the receipt may be given out.</summary>
    /// <returns>The index of its entry in the log; null if it could not be stored in time: no receipt exists then, and <see cref="Problem"/> says why.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled; the receipt may be stored or not.</exception>
    public async Task<long?> AppendAsync(NewReceipt receipt, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(receipt.Receipt.Salt);
        if (receipt.Receipt.ReceiptId is not { Length: 32 } id || !id.All(char.IsAsciiHexDigitLower))
        {
            throw new ArgumentException("A receipt's id has 32 lower-case hexadecimal digits.", nameof(receipt));
        }
        var write = new PendingReceipt(receipt);
        return await StoreAsync(write, cancellation) ? write.Index : null;
    }

    /// <summary>Stores the document of an environment, for ever.</summary>
    /// <returns>Whether it is stored.</returns>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public Task<bool> PutEnvironmentAsync(InferenceEnvironment environment, CancellationToken cancellation) =>
        StoreAsync(new PendingEnvironment(environment), cancellation);

    /// <summary>Finds a receipt by its id or by the id of its answer.</summary>
    public Task<ReceiptLookup> FindAsync(string id, CancellationToken cancellation) => _reader.FindAsync(id, cancellation);

    /// <summary>The newest first.</summary>
    public Task<IReadOnlyList<StoredReceipt>> ListAsync(int limit, CancellationToken cancellation) => _reader.ListAsync(limit, cancellation);

    /// <summary>The document as JSON; null if there is none of this id.</summary>
    public Task<byte[]?> FindEnvironmentAsync(Sha256Value id, CancellationToken cancellation) => _reader.FindEnvironmentAsync(id, cancellation);

    /// <summary>Shows that an entry is in the log, under the present checkpoint; null if there is no such entry.</summary>
    public Task<TlogProof?> ProveAsync(long index, CancellationToken cancellation) => _reader.ProveAsync(index, cancellation);

    /// <summary>Checks every entry, tile and receipt.</summary>
    /// <exception cref="InvalidDataException">The log does not hold together; the message is a clause that names the part.</exception>
    public Task CheckAsync(CancellationToken cancellation) => _reader.CheckAsync(LogKey, cancellation);

    /// <summary>Stores what is queued, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        _reader.Dispose();
        _log.Dispose();
        Key.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> StoreAsync(PendingWrite write, CancellationToken cancellation)
    {
        if (!_writer.TryAdd(write)) return false;
        try
        {
            return await write.Done.WaitAsync(_commitLimit, cancellation);
        }
        catch (TimeoutException)
        {
            write.Fail();
            _writer.ReportSlow(_commitLimit);
            // It may have been committed at this very moment.
            return await write.Done;
        }
        catch (OperationCanceledException)
        {
            write.Fail();
            throw;
        }
    }

    private static ReceiptStoreException Unreachable(ReceiptStoreSettings settings, string what) => new(
        $"--data-dir: the log of receipts in {Path.GetFullPath(settings.Folder)} can't be opened: {what}. "
        + "Mend that, give another --data-dir, or --receipts off to serve without receipts.");

    private static ReceiptStoreException Unusable(ReceiptStoreSettings settings, string what) => new(
        $"--data-dir: the log of receipts in {Path.GetFullPath(settings.Folder)} can't be continued: {what}. Nothing was changed. "
        + "Restore the folder as it was when the last receipt was given out, or begin a new log in another --data-dir; --receipts off serves without receipts.");
}
