using System.Security.Cryptography;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Verification;

/// <summary>Reads public keys in PEM.</summary>
internal static class PublicKeyInput
{
    /// <summary>Reads a key that came with a receipt or from a server; null for none.</summary>
    /// <exception cref="ReceiptFormatException">Not a P-256 public key in PEM.</exception>
    public static VerificationKey? Read(string? pem) =>
        pem is null
            ? null
            : TryRead(pem) ?? throw new ReceiptFormatException("public_key", "is not a P-256 public key in PEM");

    /// <summary>Reads a key that the user trusts.</summary>
    /// <exception cref="InputException">It is no key.</exception>
    public static VerificationKey ReadFile(string path) =>
        TryRead(Encoding.UTF8.GetString(InputFile.Read(path)))
        ?? throw new InputException($"{path}: holds no P-256 public key in PEM (-----BEGIN PUBLIC KEY-----).");

    private static VerificationKey? TryRead(string pem)
    {
        try
        {
            return VerificationKey.FromPem(pem);
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
