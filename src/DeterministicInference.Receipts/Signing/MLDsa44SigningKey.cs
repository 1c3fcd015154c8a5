using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace DeterministicInference.Receipts.Signing;

/// <summary>An ML-DSA-44 private key (FIPS 204), kept as its seed. Safe for use by several threads.</summary>
internal sealed class MLDsa44SigningKey : IDisposable
{
    private const string Label = "PRIVATE KEY";
    private const int SeedSize = 32;

    /// <summary>PKCS#8 of a seed alone (RFC 9881, section 6): a fixed prefix and 32 bytes.</summary>
    private static readonly byte[] Pkcs8Prefix = Convert.FromHexString(
        "3034020100" + "300B0609608648016503040311" + "04228020"
    );

    private readonly byte[] _seed;
    private readonly MLDsaPrivateKeyParameters _key;

    /// <summary>Takes the 32 bytes that the key is made from.</summary>
    /// <exception cref="CryptographicException">They have another length.</exception>
    public MLDsa44SigningKey(ReadOnlySpan<byte> seed)
    {
        if (seed.Length != SeedSize)
            throw new CryptographicException($"The seed of an ML-DSA-44 key has {SeedSize} bytes.");
        _seed = seed.ToArray();
        _key = MLDsaPrivateKeyParameters.FromSeed(MLDsaParameters.ml_dsa_44, _seed);
        PublicKey = new MLDsa44Key(_key.GetPublicKeyEncoded());
    }

    /// <summary>Its public half.</summary>
    public MLDsa44Key PublicKey { get; }

    /// <summary>A new key from the system's random generator.</summary>
    public static MLDsa44SigningKey Create()
    {
        Span<byte> seed = stackalloc byte[SeedSize];
        RandomNumberGenerator.Fill(seed);
        var key = new MLDsa44SigningKey(seed);
        CryptographicOperations.ZeroMemory(seed);
        return key;
    }

    /// <summary>Reads a PEM text with one unencrypted PKCS#8 <c>PRIVATE KEY</c> that holds the seed.</summary>
    /// <exception cref="CryptographicException">It is not an ML-DSA-44 private key.</exception>
    public static MLDsa44SigningKey FromPem(string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        if (PemEncoding.TryFind(pem, out PemFields fields) && pem[fields.Label] == Label)
        {
            byte[] der = Convert.FromBase64String(pem[fields.Base64Data]);
            if (der.AsSpan().StartsWith(Pkcs8Prefix) && der.Length == Pkcs8Prefix.Length + SeedSize)
                return new MLDsa44SigningKey(der.AsSpan(Pkcs8Prefix.Length));
        }
        throw new CryptographicException(
            "The text is not the PKCS#8 private key of ML-DSA-44 with its seed (-----BEGIN PRIVATE KEY-----)."
        );
    }

    /// <summary>The PEM text: a secret.</summary>
    public string ToPem() => PemEncoding.WriteString(Label, [.. Pkcs8Prefix, .. _seed]);

    /// <summary>
    /// The signature of <paramref name="data"/> with an empty context: 2,420 bytes, the same each time.
    /// </summary>
    public byte[] Sign(ReadOnlySpan<byte> data)
    {
        var signer = new MLDsaSigner(MLDsaParameters.ml_dsa_44, deterministic: true);
        signer.Init(forSigning: true, _key);
        signer.BlockUpdate(data);
        return signer.GenerateSignature();
    }

    /// <summary>Overwrites the seed in memory.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_seed);
}
