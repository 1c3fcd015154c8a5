using System.Text;
using DeterministicInference.Receipts.Trust;

namespace DeterministicInference.Server.Verification;

/// <summary>Reads the files of keys that the command line names.</summary>
internal static class PublicKeyFile
{
    /// <summary>The one key of a file.</summary>
    /// <exception cref="InputException">The file can't be read, or has no key, or several.</exception>
    public static TrustedKey Read(string path) =>
        ReadPolicy(path).Keys is [var only]
            ? only
            : throw new InputException($"{path}: holds several keys. Give a file with the one of the log.");

    /// <summary>
    /// Trusts the keys of a file: verifier keys, one per line, public keys in PEM, or what a server tells of its key.
    /// </summary>
    /// <exception cref="InputException">The file can't be read, or has no key.</exception>
    public static TrustPolicy ReadPolicy(string path)
    {
        string text = Encoding.UTF8.GetString(InputFile.ReadSmall(path, "file of keys"));
        try
        {
            return TrustPolicy.OfKeys(text);
        }
        catch (FormatException)
        {
            throw new InputException(
                $"{path}: holds neither a verifier key (ORIGIN+ID+BASE64) nor an Ed25519 public key in PEM (-----BEGIN "
                    + "PUBLIC KEY-----), as GET /v1/receipts/key has them."
            );
        }
    }
}
