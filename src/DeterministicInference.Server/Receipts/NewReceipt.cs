using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Server.Receipts;

/// <summary>A signed receipt that is to be stored.</summary>
/// <param name="Receipt">With its salt. Its trail is not stored.</param>
/// <param name="IssuedAt">As in the statement.</param>
/// <param name="EnvironmentId">As in the statement.</param>
/// <param name="ResponseId">The answer's <c>id</c>, by which it can be found too; null if it shall not.</param>
internal sealed record NewReceipt(Receipt Receipt, DateTimeOffset IssuedAt, Sha256Value EnvironmentId, string? ResponseId)
{
    public static NewReceipt Of(Receipt receipt, ReceiptStatement statement, string? responseId) =>
        new(receipt, statement.IssuedAt, statement.EnvironmentId, responseId);
}
