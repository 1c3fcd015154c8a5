using System.Text;

namespace DeterministicInference.Receipts;

/// <summary>
/// What a digest is bound to, and the salted hash that stands for it in a statement:
/// <c>H("dis-commit/1" LF label LF || salt || digest)</c>.
/// </summary>
public static class Commitment
{
    /// <summary>To a canonical request.</summary>
    public static Sha256Value ToRequest(Sha256Value digest, Salt salt) => Compute("request", digest, salt);

    /// <summary>To a canonical output.</summary>
    public static Sha256Value ToOutput(Sha256Value digest, Salt salt) => Compute("output", digest, salt);

    /// <summary>To log-probabilities.</summary>
    public static Sha256Value ToLogprobs(Sha256Value digest, Salt salt) => Compute("logprobs", digest, salt);

    private static Sha256Value Compute(string label, Sha256Value digest, Salt salt)
    {
        ArgumentNullException.ThrowIfNull(salt);
        byte[] prefix = Encoding.ASCII.GetBytes($"dis-commit/1\n{label}\n");
        return Sha256Value.Of([.. prefix, .. salt.Bytes, .. digest.ToArray()]);
    }
}
