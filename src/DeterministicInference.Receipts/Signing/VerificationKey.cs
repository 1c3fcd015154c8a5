using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace DeterministicInference.Receipts.Signing;

/// <summary>An Ed25519 public key (RFC 8032). Immutable.</summary>
internal sealed class VerificationKey
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 32;

    /// <summary>Bytes of a signature.</summary>
    public const int SignatureSize = 64;

    private const string Label = "PUBLIC KEY";

    private readonly byte[] _bytes;
    private readonly Ed25519.PublicPoint _point;

    /// <summary>Takes the 32 bytes of a key.</summary>
    /// <exception cref="CryptographicException">They are not an Ed25519 public key.</exception>
    public VerificationKey(ReadOnlySpan<byte> bytes)
    {
        // Points of small order verify one signature for many messages.
        _point =
            (bytes.Length == Size ? Ed25519.ValidatePublicKeyFullExport(bytes) : null)
            ?? throw new CryptographicException("The bytes are not an Ed25519 public key.");
        _bytes = bytes.ToArray();
        Spki = Ed25519Der.Spki(bytes);
        KeyId = Sha256Value.Of(Spki.Span);
    }

    /// <summary>The 32 bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>The SubjectPublicKeyInfo, DER (RFC 8410).</summary>
    public ReadOnlyMemory<byte> Spki { get; }

    /// <summary>The SHA-256 of <see cref="Spki"/>.</summary>
    public Sha256Value KeyId { get; }

    /// <summary>Reads a PEM text with one <c>PUBLIC KEY</c>.</summary>
    /// <exception cref="CryptographicException">It is not an Ed25519 public key.</exception>
    public static VerificationKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] != Label)
            throw new CryptographicException("The text is not a PEM public key (-----BEGIN PUBLIC KEY-----).");
        return new VerificationKey(Ed25519Der.KeyOfSpki(Convert.FromBase64String(pem[fields.Base64Data])));
    }

    /// <summary>The PEM text.</summary>
    public string ToPem() => PemEncoding.WriteString(Label, Spki.Span);

    /// <summary>Is this a signature by the key over <paramref name="data"/>?</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureSize && Ed25519.Verify(signature, _point, data);
}
