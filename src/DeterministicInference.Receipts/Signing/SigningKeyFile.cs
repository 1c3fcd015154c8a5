using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Receipts.Signing;

/// <summary>A signing key in a PEM file that only its owner may read.</summary>
internal static class SigningKeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The content of the file, for a caller that writes it.</summary>
    public static byte[] Content(SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Encoding.ASCII.GetBytes(key.ToPem() + "\n");
    }

    /// <summary>Reads the key.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="CryptographicException">
    /// It holds no Ed25519 private key, or others than its owner may read it.
    /// </exception>
    public static SigningKey Read(string path) => SigningKey.FromPem(ReadText(path));

    /// <summary>Reads the text of a file with a private key of any kind.</summary>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="CryptographicException">Others than its owner may read it.</exception>
    public static string ReadText(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute)) != 0)
        {
            throw new CryptographicException(
                $"Others than its owner may use the key file '{path}'. If nobody has read it: chmod 600 '{path}'."
            );
        }
        return File.ReadAllText(path);
    }
}
