using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Receipts.Statements;
namespace DeterministicInference.Server.Receipts;
internal sealed record NewReceipt(Receipt Receipt, string? ResponseId, Sha256Value EnvironmentId);
internal sealed class ReceiptStore
{
    public SigningKey Key => throw new InvalidOperationException();
    public Task<bool> AppendAsync(NewReceipt r, CancellationToken c) => Task.FromResult(false);
    public Task PutEnvironmentAsync(Sha256Value id, byte[] d, CancellationToken c) => Task.CompletedTask;
    public Task<byte[]?> FindEnvironmentAsync(Sha256Value id, CancellationToken c) => Task.FromResult<byte[]?>(null);
}
