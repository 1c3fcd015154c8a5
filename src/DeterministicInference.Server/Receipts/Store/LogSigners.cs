using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The programs that sign for logs whose private key is in no file. They stay the caller's.</summary>
/// <param name="Next">Signs for a log that begins; null if that gets a new key in a file.</param>
/// <param name="Present">Signs for the log that a rotation ends.</param>
internal sealed record LogSigners(ISigner? Next = null, ISigner? Present = null)
{
    public static LogSigners None { get; } = new();

    /// <summary>The one that has a key; null if none has.</summary>
    public ISigner? Find(VerificationKey key) =>
        new[] { Next, Present }.FirstOrDefault(signer => signer?.PublicKey.KeyId == key.KeyId);
}
