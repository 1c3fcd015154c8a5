using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>A statement to seal and store, with what opens it.</summary>
internal sealed class NewReceipt
{
    /// <param name="statement">The statement.</param>
    /// <param name="salt">The salt that its commitments are made with.</param>
    /// <param name="responseId">The answer's <c>id</c>, for the operator's list; null for none.</param>
    public NewReceipt(ReceiptStatement statement, Salt salt, string? responseId)
    {
        (ReceiptId, IssuedAt, Salt, ResponseId) = (statement.ReceiptId, statement.IssuedAt, salt, responseId);
        Statement = StatementWriter.Write(statement);
        Entry = LogEntry.Receipt(Statement);
        Leaf = Entry.Leaf;
    }

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public string ReceiptId { get; }

    /// <summary>As in the statement.</summary>
    public DateTimeOffset IssuedAt { get; }

    /// <summary>The bytes to seal.</summary>
    public byte[] Statement { get; }

    public Salt Salt { get; }

    public string? ResponseId { get; }

    /// <summary>Whose it is, as <see cref="ReceiptOwners"/> says; null for nobody.</summary>
    public byte[]? Owner { get; init; }

    /// <summary>The statement's entry in the log.</summary>
    public LogEntry Entry { get; }

    /// <summary>The entry's leaf, which is hashed here and not on the writer's thread.</summary>
    public Sha256Value Leaf { get; }
}
