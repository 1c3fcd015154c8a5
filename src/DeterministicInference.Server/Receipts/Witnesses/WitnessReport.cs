using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>What came of one attempt to have a witness cosign a round.</summary>
/// <param name="Round">The round.</param>
/// <param name="Witness">The witness.</param>
/// <param name="Cosignatures">Verified ones; none if it failed.</param>
internal sealed record WitnessReport(
    WitnessRound Round,
    PolicyWitness Witness,
    IReadOnlyList<NoteSignature> Cosignatures
)
{
    /// <summary>Whether it says that it has cosigned a newer checkpoint, and never will this one.</summary>
    public bool IsOvertaken { get; init; }
}
