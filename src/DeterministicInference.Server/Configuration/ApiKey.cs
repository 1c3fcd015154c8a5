using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Server.Configuration;

/// <summary>A client's key, stored only as its digest.</summary>
/// <param name="Label">Name of the key in the log.</param>
/// <param name="Digest">SHA-256 of the key.</param>
internal sealed record ApiKey(string Label, byte[] Digest)
{
    public static byte[] DigestOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    /// <summary>
    /// Whether a text can be a key or a label: visible ASCII characters, which every client can send in a header.
    /// </summary>
    public static bool IsWord(string text) => text.Length > 0 && text.All(c => c is > ' ' and < '\x7f');
}
