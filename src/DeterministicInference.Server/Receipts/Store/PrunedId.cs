using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>Hashes that remain of the ids of a deleted receipt.</summary>
internal static class PrunedId
{
    /// <summary>Hash of a receipt's id.</summary>
    public static byte[] Of(ReadOnlySpan<byte> id) => SHA256.HashData(id);

    /// <summary>Hash of an answer's id.</summary>
    public static byte[] Of(string responseId) => SHA256.HashData(Encoding.UTF8.GetBytes("response " + responseId));
}
