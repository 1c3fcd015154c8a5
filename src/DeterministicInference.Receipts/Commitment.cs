using System.Text;

namespace DeterministicInference.Receipts;

/// <summary>
/// What a digest is bound to, and the salted hash that stands for it in a statement:
/// <c>H("dis-commit/2" LF label LF || salt of the label || digest)</c>.
/// </summary>
internal static class Commitment
{
    private const int MaxPrefixBytes = 32;

    /// <summary>The commitment to a digest of a canonical request, a canonical output or log-probabilities.</summary>
    /// <param name="label">Which of them.</param>
    /// <param name="digest">The digest.</param>
    /// <param name="salt">The salt of this label.</param>
    public static Sha256Value To(SaltLabel label, Sha256Value digest, Salt salt)
    {
        ArgumentNullException.ThrowIfNull(salt);
        Span<byte> input = stackalloc byte[MaxPrefixBytes + Salt.Size + Sha256Value.Size];
        int prefix = Encoding.ASCII.GetBytes($"dis-commit/2\n{ReceiptSalts.NameOf(label)}\n", input);
        salt.Bytes.CopyTo(input[prefix..]);
        digest.CopyTo(input[(prefix + Salt.Size)..]);
        return Sha256Value.Of(input[..(prefix + Salt.Size + Sha256Value.Size)]);
    }
}
