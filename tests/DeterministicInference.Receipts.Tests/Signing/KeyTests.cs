using System.Security.Cryptography;
using DeterministicInference.Receipts.Signing;
using Xunit;

namespace DeterministicInference.Receipts.Tests.Signing;

public sealed class KeyTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("receipts-tests-").FullName;

    /// <summary>The PEM texts of RFC 8410, sections 10.1 and 10.3: the halves of one key.</summary>
    [Fact]
    public void Published_key()
    {
        using SigningKey key = SigningKey.FromPem(
            "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END "
                + "PRIVATE KEY-----\n"
        );
        Assert.Equal(
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC "
                + "KEY-----",
            key.PublicKey.ToPem()
        );
    }

    [Fact]
    public void Pem_round_trip()
    {
        using SigningKey key = SigningKey.Create();
        using SigningKey again = SigningKey.FromPem(key.ToPem());
        VerificationKey half = VerificationKey.FromPem(key.PublicKey.ToPem());
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
        Assert.Throws<CryptographicException>(() =>
            VerificationKey.FromPem(PemEncoding.WriteString("PUBLIC KEY", [.. key.PublicKey.Spki.Span, 0]))
        );
        Assert.Throws<CryptographicException>(() => new VerificationKey(new byte[31]));
    }

    [Fact]
    public void A_signature_of_another_length_is_none()
    {
        using SigningKey key = SigningKey.Create();
        byte[] good = key.Sign("data"u8);
        Assert.True(key.PublicKey.Verify("data"u8, good));
        foreach (
            byte[] bad in (byte[][])
                [
                    [],
                    good[..^1],
                    [.. good, 0],
                ]
        )
            Assert.False(key.PublicKey.Verify("data"u8, bad));
    }

    [Fact]
    public void A_key_file_of_its_owner_is_read()
    {
        using SigningKey key = SigningKey.Create();
        using SigningKey read = SigningKeyFile.Read(Write(key, UnixFileMode.UserRead));
        Assert.Equal(key.PublicKey.KeyId, read.PublicKey.KeyId);
    }

    [Fact]
    public void A_key_file_that_others_may_read_is_refused_with_the_remedy()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "File modes are of Unix.");
        using SigningKey key = SigningKey.Create();
        string path = Write(key, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains(
            "chmod 600",
            Assert.Throws<CryptographicException>(() => SigningKeyFile.Read(path)).Message,
            StringComparison.Ordinal
        );
    }

    private string Write(SigningKey key, UnixFileMode mode)
    {
        string path = Path.Combine(_folder, "key.pem");
        File.WriteAllBytes(path, SigningKeyFile.Content(key));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, mode);
        return path;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
