using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace DeterministicInference.Receipts.Signing;

/// <summary>An ML-DSA-44 public key (FIPS 204). Immutable.</summary>
internal sealed class MLDsa44Key
{
    /// <summary>Bytes of a key.</summary>
    public const int Size = 1312;

    /// <summary>Bytes of a signature.</summary>
    public const int SignatureSize = 2420;

    private readonly byte[] _bytes;
    private readonly MLDsaPublicKeyParameters _key;

    /// <summary>Takes the bytes of a key; any of this length are one.</summary>
    /// <exception cref="CryptographicException">They have another length.</exception>
    public MLDsa44Key(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new CryptographicException($"An ML-DSA-44 public key has {Size} bytes.");
        _bytes = bytes.ToArray();
        _key = MLDsaPublicKeyParameters.FromEncoding(MLDsaParameters.ml_dsa_44, _bytes);
    }

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Is this a signature by the key over <paramref name="data"/>, with an empty context?</summary>
    public bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureSize)
            return false;
        var verifier = new MLDsaSigner(MLDsaParameters.ml_dsa_44, deterministic: true);
        verifier.Init(forSigning: false, _key);
        verifier.BlockUpdate(data);
        return verifier.VerifySignature(signature.ToArray());
    }
}
