using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// The public key of a cosigner of checkpoints, such as a witness, with the name that it signs under (C2SP
/// tlog-cosignature). Its text is the verifier key string, of type 0x04 (Ed25519) or 0x06 (ML-DSA-44).
/// </summary>
internal sealed class CosignerKey
{
    private readonly VerifierKeyText _text;
    private readonly VerificationKey? _ed25519;
    private readonly MLDsa44Key? _mlDsa44;

    private CosignerKey(VerifierKeyText text, VerificationKey? ed25519, MLDsa44Key? mlDsa44) =>
        (_text, _ed25519, _mlDsa44) = (text, ed25519, mlDsa44);

    /// <summary>The cosigner's name.</summary>
    public string Name => _text.Name;

    /// <summary>How it signs.</summary>
    public CosignatureType Type => (CosignatureType)_text.Type;

    /// <summary>The four bytes that tell the cosigner's keys apart, big-endian.</summary>
    public uint Id => _text.Id;

    /// <summary>The public key itself: two keys of the same bytes are one, whatever their names.</summary>
    internal ReadOnlySpan<byte> Bytes => _text.Key;

    /// <summary>Reads a verifier key string.</summary>
    /// <exception cref="LogFormatException">
    /// It is something else, another type of key, or its parts don't belong together.
    /// </exception>
    public static CosignerKey Parse(string text) => Of(VerifierKeyText.Parse(text));

    /// <summary>When the cosigner has cosigned a checkpoint.</summary>
    /// <returns>
    /// Seconds since 1970, of several cosignatures the latest; zero if it states no time; null if there is no
    /// cosignature with this key's name and id.
    /// </returns>
    /// <exception cref="LogFormatException">
    /// A signature has the key's name and id and is not by it, which makes the note worthless, or the text is no
    /// checkpoint.
    /// </exception>
    public long? CosignedAt(SignedNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        long? latest = null;
        foreach (NoteSignature signature in note.Signatures)
        {
            if (signature.Name != Name || signature.KeyId != Id)
                continue;
            if (!TryVerify(note.Text, signature.Signature.Span, out long timestamp))
                throw new LogFormatException($"A cosignature of '{Name}' is not by its key.");
            latest = Math.Max(latest ?? 0, timestamp);
        }
        return latest;
    }

    /// <summary>The verifier key string.</summary>
    public override string ToString() => _text.ToString();

    internal static CosignerKey Of(string name, VerificationKey key) =>
        Of(new VerifierKeyText(name, (byte)CosignatureType.Ed25519, key.Bytes.ToArray()));

    internal static CosignerKey Of(string name, MLDsa44Key key) =>
        Of(new VerifierKeyText(name, (byte)CosignatureType.MLDsa44, key.Bytes.ToArray()));

    /// <exception cref="LogFormatException">It is of another type, or holds no key.</exception>
    internal static CosignerKey Of(VerifierKeyText text)
    {
        try
        {
            return (CosignatureType)text.Type switch
            {
                CosignatureType.Ed25519 => new CosignerKey(text, new VerificationKey(text.Key), null),
                CosignatureType.MLDsa44 => new CosignerKey(text, null, new MLDsa44Key(text.Key)),
                _ => throw new LogFormatException(
                    $"The verifier key is of type {text.Type}; a cosigner's is of type {(int)CosignatureType.Ed25519} "
                        + $"(Ed25519) or {(int)CosignatureType.MLDsa44} (ML-DSA-44)."
                ),
            };
        }
        catch (CryptographicException)
        {
            throw new LogFormatException("The verifier key holds no public key of its type.");
        }
    }

    private bool TryVerify(string text, ReadOnlySpan<byte> bytes, out long timestamp)
    {
        int size = _ed25519 is not null ? VerificationKey.SignatureSize : MLDsa44Key.SignatureSize;
        if (!CosignedMessage.TrySplit(bytes, size, out timestamp, out ReadOnlySpan<byte> signature))
            return false;
        if (_ed25519 is not null)
            return _ed25519.Verify(CosignedMessage.Ed25519(text, timestamp), signature);
        byte[]? message = CosignedMessage.MLDsa44(Name, timestamp, Checkpoint.Parse(text));
        return message is not null && _mlDsa44!.Verify(message, signature);
    }
}
