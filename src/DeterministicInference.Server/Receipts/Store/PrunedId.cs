using System.Security.Cryptography;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The hash that remains of the id of a deleted receipt.</summary>
internal static class PrunedId
{
    public static byte[] Of(ReadOnlySpan<byte> id) => SHA256.HashData(id);
}
