using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Receipts;

/// <summary>The key of the log, which is made with it.</summary>
internal static class LogKeyFile
{
    /// <summary>Reads the key, or makes one where there is neither a key nor a log.</summary>
    /// <exception cref="ReceiptStoreException">It is missing, is no key, or others may read it.</exception>
    public static SigningKey Open(DataDirectory folder)
    {
        try
        {
            if (File.Exists(folder.KeyFile)) return SigningKeyFile.Read(folder.KeyFile);
            if (File.Exists(folder.DatabaseFile) || File.Exists(folder.CheckpointFile))
            {
                throw new ReceiptStoreException($"--data-dir: the log in {folder.Path} has lost its key. Restore {folder.KeyFile}, or begin a new log in another --data-dir.");
            }
            return Create(folder);
        }
        catch (CryptographicException e)
        {
            throw new ReceiptStoreException($"--data-dir: the key can't be used: {e.Message}");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException and not ReceiptStoreException)
        {
            throw new ReceiptStoreException($"--data-dir: the key can't be used: {e.Message}");
        }
    }

    /// <summary>Under its name the file is whole: a crash in between leaves none.</summary>
    private static SigningKey Create(DataDirectory folder)
    {
        string temporary = folder.KeyFile + ".new";
        File.Delete(temporary);
        SigningKey key = SigningKey.Create();
        SigningKeyFile.WriteNew(temporary, key);
        File.Move(temporary, folder.KeyFile);
        folder.Sync();
        return key;
    }
}
