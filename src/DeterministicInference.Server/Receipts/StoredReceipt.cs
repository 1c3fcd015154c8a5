using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Receipts;

/// <summary>A receipt as the store has it: without the trail, which only the answer carries.</summary>
/// <param name="Index">Of its entry in the log.</param>
/// <param name="ReceiptId">32 lower-case hexadecimal digits.</param>
/// <param name="ResponseId">The answer's <c>id</c>, if it is known.</param>
/// <param name="IssuedAt">To the second.</param>
/// <param name="Envelope">The signed statement.</param>
/// <param name="Salt">Opens it: as confidential as the text.</param>
/// <param name="EnvironmentId">Its document: <see cref="ReceiptStore.FindEnvironmentAsync"/>.</param>
internal sealed record StoredReceipt(
    long Index, string ReceiptId, string? ResponseId, DateTimeOffset IssuedAt, DsseEnvelope Envelope, Salt Salt, Sha256Value EnvironmentId);
