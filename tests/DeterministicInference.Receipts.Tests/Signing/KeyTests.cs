using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Signing;

public sealed class KeyTests : IDisposable
{
    /// <summary>
    /// The key, text and signature of Sigstore's Rekor in transparency-dev/formats, note/note_verifier_test.go: without
    /// type byte and key id.
    /// </summary>
    private const string RekorSpki =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+"
        + "2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==";
    private const string RekorText = "Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n";
    private const string RekorSignature =
        "wNI9ajBEAiARInWIWyCdyG27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVClgqq20uDLet7MCoTURUCRdxwWBHHufk=";

    private readonly string _folder = Directory.CreateTempSubdirectory("receipts-tests-").FullName;

    [Fact]
    public void Published_signature_and_key_id()
    {
        using VerificationKey key = VerificationKey.FromSpki(Convert.FromBase64String(RekorSpki));
        byte[] note = Convert.FromBase64String(RekorSignature);
        Assert.Equal("c0d23d6a", Convert.ToHexStringLower(note.AsSpan(0, 4)));
        Assert.StartsWith("c0d23d6a", key.KeyId.ToString(), StringComparison.Ordinal);
        Assert.True(key.Verify(Encoding.UTF8.GetBytes(RekorText), note.AsSpan(4)));
        Assert.False(key.Verify(Encoding.UTF8.GetBytes(RekorText + " "), note.AsSpan(4)));
    }

    [Fact]
    public void Pem_round_trip()
    {
        using SigningKey key = SigningKey.Create();
        using SigningKey again = SigningKey.FromPem(key.ToPem());
        using VerificationKey half = VerificationKey.FromPem(key.PublicKey.ToPem());
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----\n", key.ToPem(), StringComparison.Ordinal);
        Assert.StartsWith("-----BEGIN PUBLIC KEY-----\n", half.ToPem(), StringComparison.Ordinal);
        Assert.Equal(key.PublicKey.KeyId, again.PublicKey.KeyId);
        Assert.Equal(key.PublicKey.KeyId, half.KeyId);
        Assert.True(half.Verify("data"u8, again.Sign("data"u8)));
    }

    [Fact]
    public void Other_kinds_of_keys_are_refused()
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);
        using SigningKey key = SigningKey.Create();
        Assert.Throws<CryptographicException>(() => SigningKey.FromPem(curve.ExportPkcs8PrivateKeyPem()));
        Assert.Throws<CryptographicException>(() => VerificationKey.FromPem(curve.ExportSubjectPublicKeyInfoPem()));
        Assert.ThrowsAny<CryptographicException>(() => SigningKey.FromPem(rsa.ExportPkcs8PrivateKeyPem()));
        Assert.ThrowsAny<CryptographicException>(() => VerificationKey.FromPem(rsa.ExportSubjectPublicKeyInfoPem()));
        Assert.Throws<CryptographicException>(() => VerificationKey.FromPem(key.ToPem()));
        Assert.Throws<CryptographicException>(() => SigningKey.FromPem(key.PublicKey.ToPem()));
        Assert.Throws<CryptographicException>(() => SigningKey.FromPem("no key"));
        Assert.Throws<CryptographicException>(() => VerificationKey.FromSpki([.. key.PublicKey.Spki.Span, 0]));
    }

    /// <summary>
    /// Forms that BER or careless parsers allow, in the manner of Wycheproof's ecdsa_secp256r1_sha256_test.json.
    /// </summary>
    [Fact]
    public void Only_DER_signatures_count()
    {
        using SigningKey key = SigningKey.Create();
        byte[] good = key.Sign("data"u8);
        int r = good[3];
        byte[][] bad =
        [
            [],
            good[..^1],
            [.. good, 0],
            [0x30, 0x81, good[1], .. good[2..]],
            [0x30, (byte)(good[1] + 1), 0x02, (byte)(r + 1), 0x00, .. good[4..]],
            [0x31, .. good[1..]],
            [0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00],
            [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01],
            [0x30, 0x80, .. good[2..], 0x00, 0x00],
        ];
        Assert.True(key.PublicKey.Verify("data"u8, good));
        foreach (byte[] signature in bad)
            Assert.False(key.PublicKey.Verify("data"u8, signature), Convert.ToHexString(signature));
    }

    [Fact]
    public void A_key_file_is_new_and_its_owner_s_only()
    {
        string path = Path.Combine(_folder, "key.pem");
        using SigningKey key = SigningKey.Create();
        SigningKeyFile.WriteNew(path, key);

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        using SigningKey read = SigningKeyFile.Read(path);
        Assert.Equal(key.PublicKey.KeyId, read.PublicKey.KeyId);
        Assert.Throws<IOException>(() => SigningKeyFile.WriteNew(path, key));
    }

    [Fact]
    public void A_key_file_that_others_may_read_is_refused_with_the_remedy()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "File modes are of Unix.");
        string path = Path.Combine(_folder, "open.pem");
        using SigningKey key = SigningKey.Create();
        SigningKeyFile.WriteNew(path, key);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains(
            "chmod 600",
            Assert.Throws<CryptographicException>(() => SigningKeyFile.Read(path)).Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
