using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Server.Receipts;

/// <summary>What is kept of the ids of a deleted receipt.</summary>
internal static class PrunedId
{
    /// <summary>Of a receipt's id.</summary>
    public static byte[] Of(ReadOnlySpan<byte> id) => SHA256.HashData(id);

    /// <summary>Of an answer's id.</summary>
    public static byte[] Of(string responseId) => SHA256.HashData(Encoding.UTF8.GetBytes("response " + responseId));
}
