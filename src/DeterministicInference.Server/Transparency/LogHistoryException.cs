using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Transparency;

/// <summary>
/// A log has signed two histories: at one index it has one entry under a checkpoint that was kept, and another under
/// the one that it shows now. Both proofs were verified.
/// </summary>
/// <param name="index">The first entry that differs.</param>
/// <param name="before">That the entry of before is in the log.</param>
/// <param name="now">That the entry of now is.</param>
/// <param name="leaves">The leaf hashes of both entries, base64.</param>
internal sealed class LogHistoryException(
    long index,
    TlogProof before,
    TlogProof now,
    (string Before, string Now) leaves
) : Exception($"entry {index} is not the one that the log showed before")
{
    /// <summary>
    /// What anyone can check with the log's key alone: the leaf hashes and their proofs, each under a signed
    /// checkpoint.
    /// </summary>
    public string Evidence => $"before: leaf {leaves.Before}\n{before}\nnow: leaf {leaves.Now}\n{now}";
}
