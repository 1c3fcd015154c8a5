using System.Security.Cryptography;

namespace DeterministicInference.Receipts.Signing;

/// <summary>The one DER encoding of Ed25519 keys (RFC 8410): a fixed prefix and 32 bytes.</summary>
internal static class Ed25519Der
{
    private const int KeySize = 32;

    private static ReadOnlySpan<byte> SpkiPrefix =>
        [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00];

    private static ReadOnlySpan<byte> Pkcs8Prefix =>
        [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

    public static byte[] Spki(ReadOnlySpan<byte> key) => [.. SpkiPrefix, .. key];

    public static byte[] Pkcs8(ReadOnlySpan<byte> seed) => [.. Pkcs8Prefix, .. seed];

    /// <exception cref="CryptographicException">It is another kind of key.</exception>
    public static ReadOnlySpan<byte> KeyOfSpki(ReadOnlySpan<byte> spki) =>
        Rest(spki, SpkiPrefix, "The key is not an Ed25519 public key.");

    /// <exception cref="CryptographicException">It is another kind of key.</exception>
    public static ReadOnlySpan<byte> SeedOfPkcs8(ReadOnlySpan<byte> pkcs8) =>
        Rest(pkcs8, Pkcs8Prefix, "The key is not an Ed25519 private key.");

    private static ReadOnlySpan<byte> Rest(ReadOnlySpan<byte> der, ReadOnlySpan<byte> prefix, string problem) =>
        der.StartsWith(prefix) && der.Length == prefix.Length + KeySize
            ? der[prefix.Length..]
            : throw new CryptographicException(problem);
}
