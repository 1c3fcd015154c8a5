using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The key of a log that can be read, but not written to: no program was given that has it.</summary>
/// <param name="key">The log's.</param>
/// <param name="log">The folder of the log.</param>
internal sealed class MissingSigner(VerificationKey key, LogFolder log) : ISigner
{
    /// <inheritdoc/>
    public VerificationKey PublicKey => key;

    /// <exception cref="ReceiptStoreException">Always; the message has the remedy.</exception>
    public byte[] Sign(ReadOnlySpan<byte> data) =>
        throw new ReceiptStoreException(
            $"--signer-command: a signature is needed by the key {key.KeyId} of {log.PublicKeyFile}, which no given "
                + "command has. Give the one that has it: --current-signer-command of receipts rotate and "
                + "revoke for the log that ends or is revoked, else --signer-command."
        );

    public void Dispose() { }
}
