using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Receipts.Log;

/// <summary>
/// A key that signs notes under a name, with signatures of type 0x01 (Ed25519, C2SP signed-note). Its text is the
/// verifier key string, <c>NAME+ID+BASE64</c>.
/// </summary>
internal sealed class NoteKey
{
    private const byte Ed25519Type = 1;

    private readonly VerifierKeyText _text;

    /// <summary>Pairs a key with the name that it signs under.</summary>
    /// <exception cref="ArgumentException">The name is empty, or has spaces or <c>+</c>.</exception>
    public NoteKey(string name, VerificationKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!LogOrigin.IsValid(name))
            throw new ArgumentException("The name of a key is visible ASCII without '+'.", nameof(name));
        Key = key;
        _text = new VerifierKeyText(name, Ed25519Type, key.Bytes.ToArray());
    }

    /// <summary>The signer's name; a log's is its origin.</summary>
    public string Name => _text.Name;

    /// <summary>The key.</summary>
    public VerificationKey Key { get; }

    /// <summary>The first four bytes of the SHA-256 of name, LF, type and key, big-endian.</summary>
    public uint Id => _text.Id;

    /// <summary>Reads a verifier key string.</summary>
    /// <exception cref="LogFormatException">
    /// It is something else, another type of key, or its parts don't belong together.
    /// </exception>
    public static NoteKey Parse(string text) => Of(VerifierKeyText.Parse(text));

    /// <summary>The verifier key string.</summary>
    public override string ToString() => _text.ToString();

    /// <exception cref="LogFormatException">It is of another type, or no key of a log.</exception>
    internal static NoteKey Of(VerifierKeyText text)
    {
        if (text.Type != Ed25519Type)
            throw new LogFormatException(
                $"The verifier key is of type {text.Type}; only type {Ed25519Type} (Ed25519) is known."
            );
        if (!LogOrigin.IsValid(text.Name))
            throw new LogFormatException("The name in the verifier key of a log is visible ASCII without '+'.");
        try
        {
            return new NoteKey(text.Name, new VerificationKey(text.Key));
        }
        catch (CryptographicException)
        {
            throw new LogFormatException("The verifier key holds no Ed25519 public key.");
        }
    }
}
