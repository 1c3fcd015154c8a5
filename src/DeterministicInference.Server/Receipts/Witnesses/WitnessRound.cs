using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>One checkpoint on its way to all witnesses. Only <see cref="CheckpointWitnesses"/> changes it.</summary>
/// <param name="note">The checkpoint, signed by the log.</param>
/// <param name="checkpoint">What it says.</param>
internal sealed class WitnessRound(SignedNote note, Checkpoint checkpoint)
{
    /// <summary>What is sent: with the log's signature, and cosignatures that are known already.</summary>
    public SignedNote Sent { get; } = note;

    public Checkpoint Checkpoint { get; } = checkpoint;

    /// <summary>With the cosignatures that have come.</summary>
    public SignedNote Note { get; set; } = note;

    public bool HasQuorum { get; set; }

    /// <summary>Witnesses that say that they have cosigned a newer checkpoint, and never will this one.</summary>
    public HashSet<PolicyWitness> Overtaken { get; } = [];
}
