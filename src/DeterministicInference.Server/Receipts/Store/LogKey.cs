using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The key of a log, for its use.</summary>
/// <param name="log">The log's folder.</param>
/// <param name="file">The file that says which key it is.</param>
/// <param name="signer">Signs with the key.</param>
/// <param name="isNew">Whether its log may begin.</param>
internal sealed class LogKey(LogFolder log, string file, ISigner signer, bool isNew) : IDisposable
{
    public ISigner Signer => signer;

    public bool IsNew => isNew;

    /// <summary>Checks that a log goes on with this key and the given programs.</summary>
    /// <exception cref="ReceiptStoreException">It does not; the message has the remedy.</exception>
    public void RequireContinuable(LogSigners signers)
    {
        string key = $"{signer.PublicKey.KeyId}";
        if (signer is MissingSigner)
        {
            throw new ReceiptStoreException(
                signers.Next is null
                    ? $"--signer-command: the key {key} of the log in {log.Path} is in no file. Give the command that "
                        + "signs with it."
                    : $"--signer-command: the command has the key {signers.Next.PublicKey.KeyId}, and the log in "
                        + $"{log.Path} the key {key}. Give the command of that key, or end the log and begin the next: "
                        + "receipts rotate --current-signer-command OLD --signer-command NEW."
            );
        }
        if (signer is SigningKey && signers.Next is not null)
        {
            throw new ReceiptStoreException(
                $"--signer-command: the log in {log.Path} has its key in {log.KeyFile}. Leave the setting out, or end "
                    + "the log and begin the next with the command's key: receipts rotate --signer-command COMMAND."
            );
        }
    }

    /// <summary>Gives a new key its name: its log has begun.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Keep() => File.Move(file, file == log.NewKeyFile ? log.KeyFile : log.PublicKeyFile);

    /// <summary>Overwrites a key in memory. A program stays its owner's.</summary>
    public void Dispose()
    {
        if (signer is SigningKey key)
            key.Dispose();
    }
}
