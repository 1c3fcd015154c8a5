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
    /// Trusts the keys of a file: verifier keys, one per line, and public keys in PEM, or what a server tells of its
    /// key.
    /// </summary>
    /// <exception cref="InputException">The file can't be read, has no key, or something else too.</exception>
    public static TrustPolicy ReadPolicy(string path)
    {
        string text = Encoding.UTF8.GetString(InputFile.ReadSmall(path, "file of keys"));
        if (text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
            throw new InputException(
                $"{path}: has a private key, which nobody but its log may have. Give the public one: the answer of GET "
                    + "/v1/receipts/key."
            );
        try
        {
            return TrustPolicy.OfKeys(text);
        }
        catch (FormatException e)
        {
            throw new InputException($"{path}: {e.Message}.");
        }
    }
}
