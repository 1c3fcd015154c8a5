using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// The file of the log's key, which is created with the log: the private key, or the public key where a program has the
/// private one. A new key has another name until its log has begun: a key of that name may be used without a log, and
/// no other, because a second log of the same key and name would contradict the first. The file of a public key says
/// nothing secret, but a program can't show that its key had a log here.
/// </summary>
internal static class LogKeyFile
{
    /// <summary>Finds the key, or begins with one if there is neither a key nor a log.</summary>
    /// <exception cref="ReceiptStoreException">The key is missing, malformed, or readable by others.</exception>
    public static LogKey OpenOrCreate(LogFolder log, LogSigners signers)
    {
        string wanted = signers.Next is null ? log.NewKeyFile : log.NewPublicKeyFile;
        try
        {
            if (!IsUsed(log))
            {
                // One that is not wanted any more has signed nothing.
                foreach (string file in log.KeyFiles.Where(file => file != wanted && File.Exists(file)))
                    File.Delete(file);
                if (signers.Next is { } signer && !Has(wanted, signer.PublicKey))
                    AtomicFile.Replace(wanted, Content(signer.PublicKey));
                else if (signers.Next is null && !File.Exists(wanted))
                    Create(wanted);
            }
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            throw Unusable(wanted, e);
        }
        return Open(log, signers);
    }

    /// <summary>Finds the key.</summary>
    /// <exception cref="ReceiptStoreException">The key is missing, malformed, or readable by others.</exception>
    public static LogKey Open(LogFolder log, LogSigners signers)
    {
        try
        {
            return Read(log, signers);
        }
        catch (Exception e) when (e is CryptographicException || (WriteFailure.Is(e) && e is not ReceiptStoreException))
        {
            throw Unusable(log.KeyFiles.First(File.Exists), e);
        }
    }

    /// <inheritdoc cref="Open"/>
    /// <exception cref="ReceiptStoreException">The key is missing, or there are two.</exception>
    /// <exception cref="CryptographicException">It is malformed, or readable by others.</exception>
    /// <exception cref="IOException">Its file can't be read.</exception>
    public static LogKey Read(LogFolder log, LogSigners signers)
    {
        string? privateKey = new[] { log.KeyFile, log.NewKeyFile }.FirstOrDefault(File.Exists),
            publicKey = new[] { log.PublicKeyFile, log.NewPublicKeyFile }.FirstOrDefault(File.Exists);
        if (privateKey is null == publicKey is null)
        {
            throw new ReceiptStoreException(
                privateKey is null
                    ? $"--data-dir: the log in {log.Path} has lost its key. Restore {log.KeyFile}, or "
                        + $"{log.PublicKeyFile} where a --signer-command has the key, or start a new log in another "
                        + "--data-dir."
                    : $"--data-dir: a log has one key, and {privateKey} and {publicKey} are two. Move the one away "
                        + "that is not the log's."
            );
        }
        string file = privateKey ?? publicKey!;
        bool isNew = file == log.NewKeyFile || file == log.NewPublicKeyFile;
        if (file == privateKey)
            return new LogKey(log, file, SigningKeyFile.Read(file), isNew);
        var key = VerificationKey.FromPem(File.ReadAllText(file));
        return new LogKey(log, file, signers.Find(key) ?? new MissingSigner(key, log), isNew);
    }

    /// <summary>Whether there may be something that the key has signed.</summary>
    private static bool IsUsed(LogFolder log) =>
        new[] { log.KeyFile, log.PublicKeyFile, log.DatabaseFile, log.CheckpointFile }.Any(File.Exists);

    private static void Create(string file)
    {
        using SigningKey key = SigningKey.Create();
        AtomicFile.Create(file, SigningKeyFile.Content(key));
    }

    private static bool Has(string file, VerificationKey key) =>
        File.Exists(file) && File.ReadAllBytes(file).AsSpan().SequenceEqual(Content(key));

    private static byte[] Content(VerificationKey key) => Encoding.ASCII.GetBytes(key.ToPem() + "\n");

    /// <summary>The error for a key that is there and can't be used.</summary>
    public static ReceiptStoreException Unusable(string file, Exception e) =>
        new(
            $"--data-dir: the key {file} can't be used: {e.Message.TrimEnd('.')}. "
                + "Restore it from a copy, or give another --data-dir, where a new log begins."
        );
}
