using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A key that signs notes under a name, with signatures of type 0x01 (Ed25519, C2SP signed-note). Its text is the
/// verifier key string, <c>NAME+ID+BASE64</c>.
/// </summary>
public sealed class NoteKey
{
    private const byte Ed25519Type = 1;

    /// <summary>Pairs a key with the name that it signs under.</summary>
    /// <exception cref="ArgumentException">The name is empty, or has spaces or <c>+</c>.</exception>
    public NoteKey(string name, VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!LogOrigin.IsValid(name))
            throw new ArgumentException("The name of a key is visible ASCII without '+'.", nameof(name));
        (Name, Key) = (name, key);
        byte[] hashed = [.. Encoding.ASCII.GetBytes(name), (byte)'\n', Ed25519Type, .. key.Bytes.Span];
        Id = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(hashed));
    }

    /// <summary>The signer's name; a log's is its origin.</summary>
    public string Name { get; }

    /// <summary>The key.</summary>
    public VerificationKey Key { get; }

    /// <summary>The first four bytes of the SHA-256 of name, LF, type and key, big-endian.</summary>
    public uint Id { get; }

    /// <summary>Reads a verifier key string.</summary>
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
        if (bytes[0] != Ed25519Type)
            throw new LogFormatException(
                $"The verifier key is of type {bytes[0]}; only type {Ed25519Type} (Ed25519) is known."
            );
        try
        {
            var key = new NoteKey(parts[0], new VerificationKey(bytes.AsSpan(1)));
            return key.IdText == parts[1]
                ? key
                : throw new LogFormatException("The id in the verifier key is not the id of its key.");
        }
        catch (CryptographicException)
        {
            throw new LogFormatException("The verifier key holds no Ed25519 public key.");
        }
    }

    /// <summary>The verifier key string.</summary>
    public override string ToString() => $"{Name}+{IdText}+{Convert.ToBase64String([Ed25519Type, .. Key.Bytes.Span])}";

    private string IdText => Id.ToString("x8", CultureInfo.InvariantCulture);
}
