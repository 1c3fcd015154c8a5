using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>A statement to seal and store, with what opens it.</summary>
/// <remarks>
/// The statement is written and hashed on the thread that stores it: the thread that serves the sockets goes on with
/// other answers.
/// </remarks>
/// <param name="statement">The statement.</param>
/// <param name="salt">The salt that its commitments are made with.</param>
/// <param name="responseId">The answer's <c>id</c>, for the operator's list; null for none.</param>
internal sealed class NewReceipt(ReceiptStatement statement, Salt salt, string? responseId)
{
    private readonly Lazy<(byte[] Statement, LogEntry Entry, Sha256Value Leaf)> _written = new(() =>
    {
        byte[] bytes = StatementWriter.Write(statement);
        var entry = LogEntry.Receipt(bytes);
        return (bytes, entry, entry.Leaf);
    });

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public string ReceiptId => statement.ReceiptId;

    /// <summary>As in the statement.</summary>
    public DateTimeOffset IssuedAt => statement.IssuedAt;

    /// <summary>The bytes to seal.</summary>
    public byte[] Statement => _written.Value.Statement;

    public Salt Salt => salt;

    public string? ResponseId => responseId;

    /// <summary>Whose it is, as <see cref="ReceiptOwners"/> says; null for nobody.</summary>
    public byte[]? Owner { get; init; }

    /// <summary>The statement's entry in the log.</summary>
    public LogEntry Entry => _written.Value.Entry;

    /// <summary>The entry's leaf.</summary>
    public Sha256Value Leaf => _written.Value.Leaf;
}
