using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A key that signs notes under a name, with signatures of type 0x02 (ECDSA). Its id is the first four bytes of the
/// key's SHA-256, without name and type: this type's own rule.
/// </summary>
public sealed class NoteKey
{
    private const byte EcdsaType = 2;

    /// <summary>Pairs a key with the name that it signs under.</summary>
    /// <exception cref="ArgumentException">The name is empty, or has spaces or <c>+</c>.</exception>
    public NoteKey(string name, VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!LogOrigin.IsValid(name))
            throw new ArgumentException("The name of a key is visible ASCII without '+'.", nameof(name));
        (Name, Key) = (name, key);
    }

    /// <summary>The signer's name; a log's is its origin.</summary>
    public string Name { get; }

    /// <summary>The key.</summary>
    public VerificationKey Key { get; }

    /// <summary>The first four bytes of the key's SHA-256, big-endian.</summary>
    public uint Id => BinaryPrimitives.ReadUInt32BigEndian(Key.KeyId.ToArray());

    /// <summary>Reads a verifier key string, <c>NAME+ID+BASE64</c>.</summary>
    /// <exception cref="LogFormatException">
    /// It is something else, another type of key, or its parts don't belong together.
    /// </exception>
    public static NoteKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('+', 3);
        if (
            parts.Length != 3
            || !LogOrigin.IsValid(parts[0])
            || !Base64Text.TryDecodeStandard(parts[2], out byte[]? bytes)
            || bytes.Length == 0
        )
        {
            throw new LogFormatException("A verifier key has the form NAME+ID+BASE64.");
        }
        if (bytes[0] != EcdsaType)
            throw new LogFormatException(
                $"The verifier key is of type {bytes[0]}; only type {EcdsaType} (ECDSA) is known."
            );
        try
        {
            var key = new NoteKey(parts[0], VerificationKey.FromSpki(bytes.AsSpan(1)));
            return key.IdText == parts[1]
                ? key
                : throw new LogFormatException("The id in the verifier key is not the id of its key.");
        }
        catch (CryptographicException)
        {
            throw new LogFormatException("The verifier key holds no P-256 public key.");
        }
    }

    /// <summary>The verifier key string.</summary>
    public override string ToString() => $"{Name}+{IdText}+{Convert.ToBase64String([EcdsaType, .. Key.Spki.Span])}";

    private string IdText => Id.ToString("x8", CultureInfo.InvariantCulture);
}
