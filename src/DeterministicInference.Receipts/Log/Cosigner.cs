using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>Cosigns checkpoints under a name (C2SP tlog-cosignature). Does not own the private key.</summary>
internal sealed class Cosigner
{
    private readonly Func<string, long, byte[]> _sign;

    /// <summary>A cosigner with an Ed25519 key, which signs nothing else.</summary>
    /// <exception cref="LogFormatException">The name is empty, or has spaces or <c>+</c>.</exception>
    public Cosigner(string name, SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        RequireName(name);
        Key = CosignerKey.Of(name, key.PublicKey);
        _sign = (text, timestamp) => key.Sign(CosignedMessage.Ed25519(text, timestamp));
    }

    /// <summary>A cosigner with an ML-DSA-44 key.</summary>
    /// <exception cref="LogFormatException">
    /// The name is empty, has more than 255 bytes, or has spaces or <c>+</c>.
    /// </exception>
    public Cosigner(string name, MLDsa44SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        RequireName(name);
        Key = CosignerKey.Of(name, key.PublicKey);
        _sign = (text, timestamp) =>
            key.Sign(
                CosignedMessage.MLDsa44(name, timestamp, Checkpoint.Parse(text))
                    ?? throw new LogFormatException("The origin of the checkpoint is longer than 255 bytes.")
            );
    }

    /// <summary>What verifies its cosignatures.</summary>
    public CosignerKey Key { get; }

    /// <summary>Says that the cosigner has seen no larger checkpoint of this log, and no other history.</summary>
    /// <param name="note">The checkpoint, signed by its log.</param>
    /// <param name="timestamp">Seconds since 1970, not zero.</param>
    /// <exception cref="LogFormatException">The note can't be cosigned.</exception>
    public NoteSignature Sign(SignedNote note, long timestamp)
    {
        ArgumentNullException.ThrowIfNull(note);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(timestamp);
        return new NoteSignature(Key.Name, Key.Id, CosignedMessage.Join(timestamp, _sign(note.Text, timestamp)));
    }

    private static void RequireName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!VerifierKeyText.IsName(name) || name.Length > CosignedMessage.MaxNameBytes)
            throw new LogFormatException("The name of a cosigner is not empty and has no spaces and no '+'.");
    }
}
