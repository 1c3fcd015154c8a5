using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Signing;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Reads committed data, one query at a time, on the thread pool: Microsoft.Data.Sqlite's asynchronous methods block
/// their caller (https://learn.microsoft.com/dotnet/standard/data/sqlite/async). Writer and reader don't block each
/// other.
/// </summary>
/// <param name="connection">Read-only.</param>
/// <param name="key">The log's key, which signs all of its receipts.</param>
internal sealed class ReceiptReader(SqliteConnection connection, NoteKey key) : IDisposable
{
    private const string Columns =
        "SELECT entry, id, response_id, issued_at, payload, signature, salt, environment FROM receipt ";

    private readonly SemaphoreSlim _turn = new(1);

    public Task<ReceiptLookup> FindAsync(string id, CancellationToken cancellation) =>
        RunAsync(() => Find(id), cancellation);

    public Task<IReadOnlyList<StoredReceipt>> ListAsync(int limit, CancellationToken cancellation) =>
        RunAsync<IReadOnlyList<StoredReceipt>>(() => Receipts("ORDER BY entry DESC LIMIT $1", limit), cancellation);

    public Task<byte[]?> FindEnvironmentAsync(Sha256Value id, CancellationToken cancellation) =>
        RunAsync(
            () => connection.Scalar("SELECT document FROM environment WHERE id = $1", id.ToArray()) as byte[],
            cancellation
        );

    /// <summary>A proof that was verified, so that nobody gets one that fails elsewhere; null for no entry.</summary>
    /// <exception cref="InvalidDataException">The log is damaged there; the message is a clause.</exception>
    public Task<TlogProof?> ProveAsync(long index, CancellationToken cancellation) =>
        RunAsync(() => Prove(index), cancellation);

    /// <inheritdoc cref="LogCheck.CheckAll"/>
    public Task CheckAsync(CancellationToken cancellation) =>
        RunAsync(
            () =>
            {
                // The server may be writing meanwhile.
                using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
                new LogCheck(connection, key).CheckAll();
                return true;
            },
            cancellation
        );

    public void Dispose()
    {
        connection.Dispose();
        _turn.Dispose();
    }

    private ReceiptLookup Find(string id)
    {
        // Some engines give their answers ids of the same form.
        byte[]? receiptId = id.Length == 32 && id.All(char.IsAsciiHexDigitLower) ? Convert.FromHexString(id) : null;
        if (receiptId is not null && Receipts("WHERE id = $1", receiptId) is [var byId])
            return new ReceiptLookup(byId, IsOwnId: true);
        return Receipts("WHERE response_id = $1 LIMIT 2", id) switch
        {
            [var only] => new ReceiptLookup(only),
            [_, ..] => new ReceiptLookup(null, IsAmbiguous: true),
            [] => new ReceiptLookup(
                null,
                IsPruned: (receiptId is not null && IsPruned(PrunedId.Of(receiptId))) || IsPruned(PrunedId.Of(id))
            ),
        };
    }

    private bool IsPruned(byte[] idHash) =>
        connection.Scalar("SELECT 1 FROM pruned WHERE id_hash = $1", idHash) is not null;

    private List<StoredReceipt> Receipts(string clauses, object value)
    {
        using SqliteCommand query = connection.Query(Columns + clauses, value);
        using SqliteDataReader row = query.ExecuteReader();
        List<StoredReceipt> found = [];
        while (row.Read())
        {
            DsseEnvelope envelope = DsseEnvelope.FromParts(
                DsseEnvelope.InTotoPayloadType,
                (byte[])row[4],
                [new DsseSignature(key.Key.KeyId.ToString(), (byte[])row[5])]
            );
            found.Add(
                new StoredReceipt(
                    row.GetInt64(0),
                    Convert.ToHexStringLower((byte[])row[1]),
                    row[2] as string,
                    DateTimeOffset.FromUnixTimeSeconds(row.GetInt64(3)),
                    envelope,
                    new Salt((byte[])row[6]),
                    new Sha256Value((byte[])row[7])
                )
            );
        }
        return found;
    }

    private TlogProof? Prove(long index)
    {
        using SqliteTransaction snapshot = connection.BeginTransaction(deferred: true);
        string note = (string)connection.Scalar("SELECT note FROM checkpoint")!;
        long size = Checkpoint.Parse(SignedNote.Parse(note).Text).Size;
        if (index < 0 || index >= size)
            return null;
        try
        {
            var proof = new TlogProof(index, MerkleProof.Inclusion(index, size, connection.Tile), note);
            var line = (byte[]?)connection.Scalar("SELECT line FROM entry WHERE idx = $1", index);
            proof.Verify(MerkleHash.Leaf(line), key);
            return proof;
        }
        catch (Exception e) when (e is LogFormatException or InvalidDataException)
        {
            throw new InvalidDataException($"entry {index} can't be proved: {e.Message.TrimEnd('.')}", e);
        }
    }

    private async Task<T> RunAsync<T>(Func<T> query, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return await Task.Run(query, cancellation);
        }
        finally
        {
            _turn.Release();
        }
    }
}
