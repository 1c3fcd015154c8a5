using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>A checkpoint of the own log with a quorum of cosignatures.</summary>
/// <param name="Note">Signed by the log and by witnesses of the policy.</param>
/// <param name="Checkpoint">What it says.</param>
internal sealed record CosignedCheckpoint(SignedNote Note, Checkpoint Checkpoint)
{
    /// <summary>The note.</summary>
    public string Text { get; } = Note.ToString();

    /// <summary>Whether it covers an entry of the log.</summary>
    public bool Covers(long index) => index < Checkpoint.Size;
}
