using System.Security.Cryptography;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Tells whose receipts are whose: a receipt is stored with a tag of the API key that it was issued to, never with the
/// key. The tag is keyed with a secret of its own, so that a copy of the database does not let anyone test guesses of
/// keys. It depends on nothing but key and secret: neither on the key's label nor on its place among others.
/// </summary>
internal sealed partial class ReceiptOwners
{
    private const int SecretSize = 32,
        TagSize = 16;

    private readonly Dictionary<ApiKey, byte[]> _tags;

    private ReceiptOwners(IEnumerable<ApiKey> keys, byte[] secret) =>
        _tags = keys.ToDictionary(key => key, key => Tag(secret, key));

    /// <summary>Where clients need no key.</summary>
    public static ReceiptOwners None { get; } = new([], []);

    /// <summary>Computes the tags of the keys. The secret is created where it is missing.</summary>
    /// <param name="folder">Folder of the secret.</param>
    /// <param name="keys">The keys; without any the secret is not needed.</param>
    /// <param name="hasOwners">Whether there are receipts with an owner: a new secret does not give their tags.</param>
    /// <param name="logger">Logger for a secret that was lost.</param>
    /// <exception cref="ReceiptStoreException">The secret can't be used. The message contains the remedy.</exception>
    public static ReceiptOwners Open(
        ReceiptDirectory folder,
        IReadOnlyList<ApiKey> keys,
        Func<bool> hasOwners,
        ILogger logger
    )
    {
        if (keys.Count == 0)
            return None;
        string file = folder.OwnerSecretFile;
        try
        {
            if (File.Exists(file))
                return new ReceiptOwners(keys, Read(file));
            if (hasOwners())
                Lost(logger, file);
            byte[] secret = RandomNumberGenerator.GetBytes(SecretSize);
            AtomicFile.Create(file, secret);
            return new ReceiptOwners(keys, secret);
        }
        catch (Exception e) when (WriteFailure.Is(e) && e is not ReceiptStoreException)
        {
            throw Unusable(
                file,
                $"{e.Message.TrimEnd('.')}. Make room for it, and make it accessible to the user that runs the server"
            );
        }
    }

    /// <summary>The tag of a key.</summary>
    public byte[] TagOf(ApiKey key) => _tags[key];

    private static byte[] Tag(byte[] secret, ApiKey key)
    {
        byte[] named = [.. "dis-owner/1\n"u8, .. key.Digest];
        return HMACSHA256.HashData(secret, named)[..TagSize];
    }

    private static byte[] Read(string file)
    {
        if (
            !OperatingSystem.IsWindows()
            && (File.GetUnixFileMode(file) & ~(ReceiptDirectory.OwnerOnly | UnixFileMode.UserExecute)) != 0
        )
            throw Unusable(file, $"others than its owner may use it. If nobody has read it: chmod 600 '{file}'");
        byte[] secret = File.ReadAllBytes(file);
        return secret.Length == SecretSize
            ? secret
            : throw Unusable(
                file,
                $"it has {secret.Length} bytes instead of {SecretSize}. Restore it from a copy. If there is none, "
                    + "delete it: API keys then no longer get the receipts that were issued to them before"
            );
    }

    private static ReceiptStoreException Unusable(string file, string why) =>
        new($"--data-dir: {file}, which tells whose receipts are whose, can't be used: {why}.");

    [LoggerMessage(
        LogLevel.Warning,
        "{File} is missing and is made anew: API keys no longer get the receipts that were issued to them before"
    )]
    private static partial void Lost(ILogger logger, string file);
}
