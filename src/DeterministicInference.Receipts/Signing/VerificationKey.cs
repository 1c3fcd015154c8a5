using System.Security.Cryptography;

namespace DeterministicInference.Receipts.Signing;

/// <summary>An ECDSA P-256 public key. Safe for use by several threads.</summary>
public sealed class VerificationKey : IDisposable
{
    private readonly Lock _use = new();
    private readonly ECDsa _key;

    private VerificationKey(ECDsa key)
    {
        _key = key;
        byte[] spki = key.ExportSubjectPublicKeyInfo();
        (Spki, KeyId) = (spki, Sha256Value.Of(spki));
    }

    /// <summary>The SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlyMemory<byte> Spki { get; }

    /// <summary>The SHA-256 of <see cref="Spki"/>.</summary>
    public Sha256Value KeyId { get; }

    /// <summary>Reads a PEM text with one <c>PUBLIC KEY</c>.</summary>
    /// <exception cref="CryptographicException">It is not a P-256 public key.</exception>
    public static VerificationKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] != "PUBLIC KEY")
        {
            throw new CryptographicException("The text is not a PEM public key (-----BEGIN PUBLIC KEY-----).");
        }
        return FromSpki(Convert.FromBase64String(pem[fields.Base64Data]));
    }

    /// <summary>Reads a SubjectPublicKeyInfo, DER.</summary>
    /// <exception cref="CryptographicException">It is not a P-256 public key.</exception>
    public static VerificationKey FromSpki(ReadOnlySpan<byte> spki)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out int read);
            if (read != spki.Length)
                throw new CryptographicException("There are bytes after the public key.");
            RequireP256(key);
            return new VerificationKey(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>The PEM text.</summary>
    public string ToPem() => PemEncoding.WriteString("PUBLIC KEY", Spki.Span);

    /// <summary>Is this an ASN.1 DER signature by the key over the SHA-256 of <paramref name="data"/>?</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (!DerSignature.IsDer(signature))
            return false;
        lock (_use)
        {
            return _key.VerifyData(data, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    /// <summary>Releases the key.</summary>
    public void Dispose() => _key.Dispose();

    /// <exception cref="CryptographicException">The key is on another curve.</exception>
    internal static void RequireP256(ECDsa key)
    {
        if (
            key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value
            != ECCurve.NamedCurves.nistP256.Oid.Value
        )
        {
            throw new CryptographicException("The key is not on the curve P-256.");
        }
    }
}
