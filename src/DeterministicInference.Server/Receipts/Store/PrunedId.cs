using System.Security.Cryptography;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>What remains of the id of a deleted receipt, and of its owner.</summary>
internal static class PrunedId
{
    public static byte[] Of(ReadOnlySpan<byte> id) => SHA256.HashData(id);

    /// <summary>
    /// The hash of id and owner, which does not tell that two deleted receipts had the same one; null for no owner.
    /// </summary>
    public static byte[]? OwnerOf(ReadOnlySpan<byte> id, byte[]? owner) =>
        owner is null ? null : SHA256.HashData([.. id, .. owner]);
}
