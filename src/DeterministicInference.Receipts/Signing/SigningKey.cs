using System.Security.Cryptography;

namespace DeterministicInference.Receipts.Signing;

/// <summary>An ECDSA P-256 private key. Safe for use by several threads.</summary>
public sealed class SigningKey : IDisposable
{
    private readonly Lock _use = new();
    private readonly ECDsa _key;

    private SigningKey(ECDsa key)
    {
        _key = key;
        PublicKey = VerificationKey.FromSpki(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Its public half.</summary>
    public VerificationKey PublicKey { get; }

    /// <summary>A new key from the system's random generator.</summary>
    public static SigningKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Reads a PEM text with one unencrypted PKCS#8 <c>PRIVATE KEY</c>.</summary>
    /// <exception cref="CryptographicException">It is not a P-256 private key.</exception>
    public static SigningKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] != "PRIVATE KEY")
        {
            throw new CryptographicException(
                "The text is not an unencrypted PKCS#8 private key (-----BEGIN PRIVATE KEY-----)."
            );
        }
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(Convert.FromBase64String(pem[fields.Base64Data]), out _);
            VerificationKey.RequireP256(key);
            return new SigningKey(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>The PEM text: a secret.</summary>
    public string ToPem()
    {
        lock (_use)
            return PemEncoding.WriteString("PRIVATE KEY", _key.ExportPkcs8PrivateKey());
    }

    /// <summary>An ASN.1 DER signature over the SHA-256 of <paramref name="data"/>. It differs each time.</summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        lock (_use)
            return _key.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    /// <summary>Releases the key and its public half.</summary>
    public void Dispose()
    {
        _key.Dispose();
        PublicKey.Dispose();
    }
}
