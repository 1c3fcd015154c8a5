using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>A signed receipt to store.</summary>
/// <param name="Receipt">The receipt with its salt. Its trail is not stored.</param>
/// <param name="IssuedAt">As in the statement.</param>
/// <param name="EnvironmentId">As in the statement.</param>
/// <param name="ResponseId">The answer's <c>id</c>, by which the receipt can be found too; null for none.</param>
internal sealed record NewReceipt(
    Receipt Receipt,
    DateTimeOffset IssuedAt,
    Sha256Value EnvironmentId,
    string? ResponseId
)
{
    public static NewReceipt Of(Receipt receipt, ReceiptStatement statement, string? responseId) =>
        new(receipt, statement.IssuedAt, statement.EnvironmentId, responseId);
}
