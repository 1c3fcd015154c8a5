using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>One checkpoint on its way to all witnesses. Only <see cref="LogWitnesses"/> changes it.</summary>
/// <param name="note">The checkpoint, signed by the log.</param>
/// <param name="checkpoint">What it says.</param>
/// <param name="policy">Whose cosignatures count.</param>
internal sealed class WitnessRound(SignedNote note, Checkpoint checkpoint, WitnessPolicy policy)
{
    private readonly HashSet<PolicyWitness> _overtaken = [],
        _failed = [];
    private WitnessedCheckpoint _found = policy.Evaluate(note);

    /// <summary>What is sent: with the log's signature, and cosignatures that are known already.</summary>
    public SignedNote Sent { get; } = note;

    public Checkpoint Checkpoint { get; } = checkpoint;

    /// <summary>With the cosignatures that have come.</summary>
    public SignedNote Note { get; private set; } = note;

    public bool HasQuorum => _found.HasQuorum;

    /// <summary>Takes what a witness has cosigned, or that it has not. A quorum is never lost again.</summary>
    public void Take(WitnessReport report)
    {
        if (report.Cosignatures.Count == 0)
        {
            (report.IsOvertaken ? _overtaken : _failed).Add(report.Witness);
            return;
        }
        _failed.Remove(report.Witness);
        // One of each key: a note has room for so many.
        SignedNote next = Note.Only(signature =>
                !report.Cosignatures.Any(newer => (newer.Name, newer.KeyId) == (signature.Name, signature.KeyId))
            )
            .With(report.Cosignatures);
        WitnessedCheckpoint found = policy.Evaluate(next);
        if (HasQuorum && !found.HasQuorum)
            return;
        (Note, _found) = (next, found);
    }

    /// <summary>
    /// Whether a newer round must take its place: a witness says that it was overtaken, and without it those that were
    /// asked and have not failed are no quorum. That a witness was overtaken is not signed: it ends no round that
    /// others can complete. A failure by itself ends none either: who fails is asked again.
    /// </summary>
    /// <param name="asked">The witnesses that are asked at all.</param>
    public bool IsOver(IEnumerable<PolicyWitness> asked) =>
        _overtaken.Count > 0
        && !policy.IsQuorum(
            _found
                .Cosignatures.Select(cosignature => cosignature.Witness)
                .Concat(asked.Where(one => !_overtaken.Contains(one) && !_failed.Contains(one)))
        );
}
