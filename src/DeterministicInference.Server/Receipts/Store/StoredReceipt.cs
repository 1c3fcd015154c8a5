using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>A stored receipt: without the trail, which only the answer carries.</summary>
/// <param name="Origin">Name of the log that has it.</param>
/// <param name="Index">Index of the receipt's entry in the log.</param>
/// <param name="ReceiptId">32 lower-case hexadecimal digits.</param>
/// <param name="ResponseId">The answer's <c>id</c>, if known.</param>
/// <param name="IssuedAt">To the second.</param>
/// <param name="Statement">The sealed statement.</param>
/// <param name="Salt">Salt, which opens the receipt: as confidential as the text.</param>
internal sealed record StoredReceipt(
    string Origin,
    long Index,
    string ReceiptId,
    string? ResponseId,
    DateTimeOffset IssuedAt,
    ReadOnlyMemory<byte> Statement,
    Salt Salt
)
{
    /// <exception cref="ReceiptFormatException">The stored statement is damaged.</exception>
    public ReceiptStatement ReadStatement() => StatementReader.Read(Statement);
}
