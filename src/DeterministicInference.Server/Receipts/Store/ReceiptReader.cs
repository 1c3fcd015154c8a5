using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Reads committed data, one query at a time, on the thread pool: Microsoft.Data.Sqlite's asynchronous methods block
/// their caller (https://learn.microsoft.com/dotnet/standard/data/sqlite/async). Writer and reader don't block each
/// other.
/// </summary>
/// <param name="connection">Read-only.</param>
/// <param name="key">The log's key.</param>
internal sealed class ReceiptReader(SqliteConnection connection, NoteKey key) : IDisposable
{
    private const string Columns = "SELECT entry, id, response_id, issued_at, statement, salt FROM receipt ";

    /// <summary>Never disposed: it has nothing to give back, and who waits for it must go on.</summary>
    private readonly SemaphoreSlim _turn = new(1);
    private bool _isDisposed;

    /// <inheritdoc cref="ReceiptStore.FindAsync"/>
    public Task<ReceiptLookup> FindAsync(string id, CancellationToken cancellation) =>
        RunAsync(() => IdOf(id) is { } bytes ? Find(bytes) : new ReceiptLookup(null), cancellation);

    /// <inheritdoc cref="ReceiptStore.FindOwnAsync"/>
    public Task<ReceiptLookup> FindOwnAsync(string id, byte[]? owner, CancellationToken cancellation) =>
        RunAsync(() => IdOf(id) is { } bytes ? FindOwn(bytes, owner) : new ReceiptLookup(null), cancellation);

    /// <summary>
    /// The receipts of the answers of this id, which engines choose. For the operator alone: it reads all receipts, and
    /// who asks over the network may have guessed the id.
    /// </summary>
    public Task<IReadOnlyList<StoredReceipt>> FindByAnswerAsync(string answerId, CancellationToken cancellation) =>
        RunAsync<IReadOnlyList<StoredReceipt>>(
            () => Receipts("WHERE response_id = $1 ORDER BY entry LIMIT 2", answerId),
            cancellation
        );

    public Task<IReadOnlyList<StoredReceipt>> ListAsync(int limit, CancellationToken cancellation) =>
        RunAsync<IReadOnlyList<StoredReceipt>>(() => Receipts("ORDER BY entry DESC LIMIT $1", limit), cancellation);

    /// <summary>The document of an environment as JSON; null if there is none.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="source">The weakest source of its facts, as a statement names it; null for any.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    /// <exception cref="InvalidDataException">It was changed; the message is a clause.</exception>
    public Task<byte[]?> FindEnvironmentAsync(Sha256Value id, FactSource? source, CancellationToken cancellation) =>
        RunAsync(() => FindEnvironment(id, source), cancellation);

    /// <summary>
    /// The proof that the log has sealed a receipt. It was verified, and so was the salt, so that nobody gets a receipt
    /// that fails elsewhere.
    /// </summary>
    /// <exception cref="InvalidDataException">The log is damaged there; the message is a clause.</exception>
    public Task<TlogProof> ProveAsync(StoredReceipt receipt, CancellationToken cancellation) =>
        RunAsync(() => Prove(receipt, under: null), cancellation);

    /// <summary>The same under an older checkpoint of this log.</summary>
    /// <inheritdoc cref="ProveAsync(StoredReceipt, CancellationToken)"/>
    public Task<TlogProof> ProveAsync(StoredReceipt receipt, string under, CancellationToken cancellation) =>
        RunAsync(() => Prove(receipt, under), cancellation);

    /// <summary>Computes something from the stored hashes, all of one moment.</summary>
    /// <exception cref="InvalidDataException">A tile is missing or too short.</exception>
    public Task<T> TreeAsync<T>(Func<TileReader, T> compute, CancellationToken cancellation) =>
        RunAsync(
            () =>
            {
                using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
                return compute(connection.Tile);
            },
            cancellation
        );

    /// <inheritdoc cref="ReceiptStore.FindTileAsync"/>
    public Task<ReadOnlyMemory<byte>> FindTileAsync(TilePath path, CancellationToken cancellation) =>
        RunAsync(() => FindTile(path), cancellation);

    /// <inheritdoc cref="LogCheck.CheckAll"/>
    /// <param name="published">Published checkpoints, with the names of their files.</param>
    /// <param name="cancellation">Cancels the wait.</param>
    public Task<LogState> CheckAsync(
        IReadOnlyList<(string File, string Note)> published,
        CancellationToken cancellation
    ) =>
        RunAsync(
            () =>
            {
                // The server may be writing meanwhile.
                using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
                var check = new LogCheck(connection, key);
                check.CheckAll();
                foreach ((string file, string note) in published)
                    check.CheckPublished(note, file);
                return LogState.Read(connection, key);
            },
            cancellation
        );

    /// <summary>Lets the read that is under way end; those that wait fail.</summary>
    public void Dispose()
    {
        _turn.Wait();
        _isDisposed = true;
        connection.Dispose();
        _turn.Release();
    }

    private static byte[]? IdOf(string id) =>
        id.Length == 32 && id.All(char.IsAsciiHexDigitLower) ? Convert.FromHexString(id) : null;

    private ReceiptLookup Find(byte[] id) =>
        Receipts("WHERE id = $1", id) is [var found]
            ? new ReceiptLookup(found)
            : new ReceiptLookup(
                null,
                IsPruned: connection.Scalar("SELECT 1 FROM pruned WHERE id_hash = $1", PrunedId.Of(id)) is not null
            );

    /// <summary>
    /// What is another owner's takes the same time as what does not exist: the row at the id, or the one before it, is
    /// read in any case.
    /// </summary>
    private ReceiptLookup FindOwn(byte[] id, byte[]? owner)
    {
        using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
        bool isOwn = IsAt("SELECT id, owner FROM receipt WHERE id <= $1 ORDER BY id DESC LIMIT 1", id, owner),
            isPruned = IsAt(
                "SELECT id_hash, owner_hash FROM pruned WHERE id_hash <= $1 ORDER BY id_hash DESC LIMIT 1",
                PrunedId.Of(id),
                PrunedId.OwnerOf(id, owner)
            );
        return isOwn ? new ReceiptLookup(Receipts("WHERE id = $1", id).Single()) : new ReceiptLookup(null, isPruned);
    }

    private bool IsAt(string query, byte[] id, byte[]? owner)
    {
        using SqliteCommand command = connection.Query(query, id);
        using SqliteDataReader row = command.ExecuteReader();
        return row.Read()
            && CryptographicOperations.FixedTimeEquals(id, (byte[])row[0])
                & CryptographicOperations.FixedTimeEquals(owner, row[1] as byte[]);
    }

    private List<StoredReceipt> Receipts(string clauses, object value)
    {
        using SqliteCommand query = connection.Query(Columns + clauses, value);
        using SqliteDataReader row = query.ExecuteReader();
        List<StoredReceipt> found = [];
        while (row.Read())
        {
            (long index, long issued) = (row.GetInt64(0), row.GetInt64(3));
            if (issued is < 0 or > uint.MaxValue)
                throw new InvalidDataException($"the time of the receipt of entry {index} is damaged");
            if (row[5] is not byte[] { Length: Salt.Size } salt)
                throw new InvalidDataException($"the salt of the receipt of entry {index} is damaged");
            found.Add(
                new StoredReceipt(
                    key.Name,
                    index,
                    Convert.ToHexStringLower((byte[])row[1]),
                    row[2] as string,
                    DateTimeOffset.FromUnixTimeSeconds(issued),
                    (byte[])row[4],
                    new Salt(salt)
                )
            );
        }
        return found;
    }

    private ReadOnlyMemory<byte> FindTile(TilePath path)
    {
        using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
        bool isEntries = path.Level == TilePath.EntriesLevel;
        long size = (long)connection.Scalar("SELECT size FROM checkpoint")!,
            first = path.Index * TilePath.FullWidth;
        if (path.Index > long.MaxValue / TilePath.FullWidth - 1 || first + path.Width > path.HashesIn(size))
            return default;
        ReadOnlyMemory<byte> bytes = isEntries
            ? EntryBundle(first, path.Width)
            : connection.Tile(path.Level, path.Index);
        // A tile only ever grows: a smaller one is its beginning.
        int length = isEntries ? bytes.Length : path.Width * Sha256Value.Size;
        return bytes.Length >= length && length > 0
            ? bytes[..length]
            : throw new InvalidDataException($"{path} holds {bytes.Length} bytes instead of {length}");
    }

    private ReadOnlyMemory<byte> EntryBundle(long first, int width)
    {
        var bundle = new ArrayBufferWriter<byte>();
        using SqliteCommand query = connection.Query(
            "SELECT digest, line FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
            first,
            first + width
        );
        using SqliteDataReader row = query.ExecuteReader();
        int count = 0;
        for (; row.Read(); count++)
        {
            ReadOnlySpan<byte> line = ReceiptDatabase.Line(row[0], row[1]).Span;
            BinaryPrimitives.WriteUInt16BigEndian(bundle.GetSpan(sizeof(ushort)), checked((ushort)line.Length));
            bundle.Advance(sizeof(ushort));
            bundle.Write(line);
        }
        return count == width
            ? bundle.WrittenMemory
            : throw new InvalidDataException($"of the entries from {first} on {width - count} are missing");
    }

    private TlogProof Prove(StoredReceipt receipt, string? under)
    {
        using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
        long index = receipt.Index;
        try
        {
            if (ReceiptSalts.Of(receipt.Salt).Gives(receipt.ReceiptId) != true)
                throw new InvalidDataException("its salt is another one's");
            string note =
                under
                ?? connection.Scalar("SELECT note FROM checkpoint") as string
                ?? throw new InvalidDataException("there is no checkpoint");
            long size = Checkpoint.Parse(SignedNote.Parse(note).Text).Size;
            if (index < 0 || index >= size)
                throw new InvalidDataException($"the log has {size} entries");
            var proof = new TlogProof(index, MerkleProof.Inclusion(index, size, connection.Tile), note);
            proof.Verify(LogEntry.Receipt(receipt.Statement.Span).Leaf, key);
            return proof;
        }
        catch (Exception e) when (e is LogFormatException or InvalidDataException)
        {
            throw new InvalidDataException($"entry {index} can't be proved: {e.Message.TrimEnd('.')}", e);
        }
    }

    private byte[]? FindEnvironment(Sha256Value id, FactSource? source)
    {
        using SqliteCommand query = connection.Query(
            "SELECT document FROM environment WHERE id = $1 AND ($2 = '' OR source = $2) ORDER BY rowid",
            id.ToArray(),
            source is { } weakest ? EnvironmentNames.Of(weakest) : ""
        );
        using SqliteDataReader row = query.ExecuteReader();
        InvalidDataException? damage = null;
        while (row.Read())
        {
            try
            {
                var document = (byte[])row[0];
                if (EnvironmentDocument.Read(document).Id == id)
                    return document;
                damage ??= new InvalidDataException($"the document of the environment {id} is that of another one");
            }
            catch (ReceiptFormatException e)
            {
                damage ??= new InvalidDataException(
                    $"the document of the environment {id} was changed: {e.Message.TrimEnd('.')}",
                    e
                );
            }
        }
        return damage is null ? null : throw damage;
    }

    private async Task<T> RunAsync<T>(Func<T> query, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return await Task.Run(query, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }
}
