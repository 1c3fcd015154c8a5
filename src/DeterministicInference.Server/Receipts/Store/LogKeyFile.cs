using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The log's key, which is created with the log.</summary>
internal static class LogKeyFile
{
    /// <summary>Reads the key, or creates one if there is neither a key nor a log.</summary>
    /// <exception cref="ReceiptStoreException">The key is missing, malformed, or readable by others.</exception>
    public static SigningKey Open(ReceiptDirectory folder)
    {
        try
        {
            if (File.Exists(folder.KeyFile))
                return SigningKeyFile.Read(folder.KeyFile);
            if (File.Exists(folder.DatabaseFile) || File.Exists(folder.CheckpointFile))
            {
                throw new ReceiptStoreException(
                    $"--data-dir: the log in {folder.Path} has lost its key. Restore {folder.KeyFile}, or start a "
                        + "new log in another --data-dir."
                );
            }
            return Create(folder);
        }
        catch (Exception e) when (e is CryptographicException || (WriteFailure.Is(e) && e is not ReceiptStoreException))
        {
            throw new ReceiptStoreException(
                $"--data-dir: the key {folder.KeyFile} can't be used: {e.Message.TrimEnd('.')}. Another "
                    + "--data-dir begins a new log."
            );
        }
    }

    private static SigningKey Create(ReceiptDirectory folder)
    {
        SigningKey key = SigningKey.Create();
        AtomicFile.Create(folder.KeyFile, SigningKeyFile.Content(key));
        return key;
    }
}
