using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The log's key, which is created with the log.</summary>
internal static class LogKeyFile
{
    /// <summary>
    /// Reads the key, or creates one if there is neither a key nor a log. A new key has another name until its log has
    /// begun: a key of that name may be used without a log, and no other, because a second log of the same key and name
    /// would contradict the first.
    /// </summary>
    /// <returns>The key, and whether its log may begin.</returns>
    /// <exception cref="ReceiptStoreException">The key is missing, malformed, or readable by others.</exception>
    public static (SigningKey Key, bool IsNew) Open(LogFolder log)
    {
        string file = File.Exists(log.KeyFile) ? log.KeyFile : log.NewKeyFile;
        try
        {
            // One of the new name: a crash came before the key had its own.
            if (File.Exists(file))
                return (SigningKeyFile.Read(file), file == log.NewKeyFile);
            return File.Exists(log.DatabaseFile) || File.Exists(log.CheckpointFile)
                ? throw new ReceiptStoreException(
                    $"--data-dir: the log in {log.Path} has lost its key. Restore {log.KeyFile}, or start a "
                        + "new log in another --data-dir."
                )
                : (Create(log), true);
        }
        catch (Exception e) when (e is CryptographicException || (WriteFailure.Is(e) && e is not ReceiptStoreException))
        {
            throw new ReceiptStoreException(
                $"--data-dir: the key {file} can't be used: {e.Message.TrimEnd('.')}. Another "
                    + "--data-dir begins a new log."
            );
        }
    }

    /// <summary>Gives a new key its name: its log has begun.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public static void Keep(LogFolder log) => File.Move(log.NewKeyFile, log.KeyFile);

    private static SigningKey Create(LogFolder log)
    {
        SigningKey key = SigningKey.Create();
        AtomicFile.Create(log.NewKeyFile, SigningKeyFile.Content(key));
        return key;
    }
}
