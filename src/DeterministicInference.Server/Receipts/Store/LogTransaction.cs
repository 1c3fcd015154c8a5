using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The rows of one commit. The tree is grown on a copy, which the log adopts after the commit.</summary>
internal sealed class LogTransaction(SqliteConnection connection, MerkleTree tree) : IDisposable
{
    private readonly SqliteCommand _receipt = connection.Query(
        "INSERT INTO receipt (entry, id, response_id, issued_at, payload, signature, salt, environment) "
            + "VALUES ($entry, $id, $response, $issued, $payload, $signature, $salt, $environment) "
            + "ON CONFLICT (id) DO NOTHING"
    );
    private readonly SqliteCommand _entry = connection.Query("INSERT INTO entry (idx, line) VALUES ($idx, $line)");

    public MerkleTree Tree { get; } = tree;

    /// <summary>Adds the first entry of a log.</summary>
    public void Begin(LogEntry open) => Append(open);

    /// <returns>The index of the receipt's entry; null if a receipt with this id exists, which is kept.</returns>
    public long? Append(NewReceipt added)
    {
        Receipt receipt = added.Receipt;
        _receipt.Parameters.Clear();
        _receipt.Parameters.AddWithValue("$entry", Tree.Size);
        _receipt.Parameters.AddWithValue("$id", Convert.FromHexString(receipt.ReceiptId));
        _receipt.Parameters.AddWithValue("$response", (object?)added.ResponseId ?? DBNull.Value);
        _receipt.Parameters.AddWithValue("$issued", added.IssuedAt.ToUnixTimeSeconds());
        _receipt.Parameters.AddWithValue("$payload", receipt.Envelope.Payload.ToArray());
        _receipt.Parameters.AddWithValue("$signature", receipt.Envelope.Signatures[0].Signature.ToArray());
        _receipt.Parameters.AddWithValue("$salt", receipt.Salt!.Bytes.ToArray());
        _receipt.Parameters.AddWithValue("$environment", added.EnvironmentId.ToArray());
        return _receipt.ExecuteNonQuery() == 0 ? null : Append(LogEntry.Receipt(receipt.Envelope.Payload.Span));
    }

    /// <summary>
    /// Adds an environment. Environments are permanent; for an existing id only the reasons in the document can differ.
    /// </summary>
    public void Put(InferenceEnvironment environment)
    {
        using SqliteCommand insert = connection.Query(
            "INSERT OR REPLACE INTO environment (id, document) VALUES ($1, $2)",
            environment.Id.ToArray(),
            EnvironmentDocument.Write(environment)
        );
        insert.ExecuteNonQuery();
    }

    /// <summary>Writes the tiles that have grown.</summary>
    public void WriteTiles()
    {
        foreach (Tile tile in Tree.TakeChanged())
        {
            using SqliteCommand write = connection.Query(
                "INSERT INTO tile (level, idx, hashes) VALUES ($1, $2, $3) ON CONFLICT (level, idx) DO UPDATE SET "
                    + "hashes = excluded.hashes",
                tile.Level,
                tile.Index,
                tile.Hashes.ToArray()
            );
            write.ExecuteNonQuery();
        }
    }

    public void Dispose()
    {
        _receipt.Dispose();
        _entry.Dispose();
    }

    private long Append(LogEntry entry)
    {
        long index = Tree.Append(entry.Leaf);
        _entry.Parameters.Clear();
        _entry.Parameters.AddWithValue("$idx", index);
        _entry.Parameters.AddWithValue("$line", entry.Bytes.ToArray());
        _entry.ExecuteNonQuery();
        return index;
    }
}
