using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace DeterministicInference.Receipts.Signing;

/// <summary>An Ed25519 private key (RFC 8032). Safe for use by several threads until it is disposed.</summary>
internal sealed class SigningKey : ISigner
{
    private const string Label = "PRIVATE KEY";

    private readonly byte[] _seed;

    private SigningKey(ReadOnlySpan<byte> seed)
    {
        _seed = seed.ToArray();
        Span<byte> key = stackalloc byte[VerificationKey.Size];
        Ed25519.GeneratePublicKey(_seed, key);
        PublicKey = new VerificationKey(key);
    }

    /// <summary>Its public half.</summary>
    public VerificationKey PublicKey { get; }

    /// <summary>A new key from the system's random generator.</summary>
    public static SigningKey Create()
    {
        Span<byte> seed = stackalloc byte[Ed25519.SecretKeySize];
        RandomNumberGenerator.Fill(seed);
        var key = new SigningKey(seed);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }

    /// <summary>Reads a PEM text with one unencrypted PKCS#8 <c>PRIVATE KEY</c>.</summary>
    /// <exception cref="CryptographicException">It is not an Ed25519 private key.</exception>
    public static SigningKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] != Label)
        {
            throw new CryptographicException(
                "The text is not an unencrypted PKCS#8 private key (-----BEGIN PRIVATE KEY-----)."
            );
        }
        return new SigningKey(Ed25519Der.SeedOfPkcs8(Convert.FromBase64String(pem[fields.Base64Data])));
    }

    /// <summary>The PEM text: a secret.</summary>
    public string ToPem() => PemEncoding.WriteString(Label, Ed25519Der.Pkcs8(_seed));

    /// <summary>The signature of <paramref name="data"/>: 64 bytes, the same each time.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        var signature = new byte[VerificationKey.SignatureSize];
        Ed25519.Sign(_seed, PublicKey.Bytes.Span, data, signature);
        return signature;
    }

    /// <summary>Overwrites the key in memory.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_seed);
}
