using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Witness;

/// <summary>What a witness answers to <c>add-checkpoint</c>.</summary>
internal abstract record WitnessAnswer
{
    /// <summary>200: the cosignatures, which are durable.</summary>
    public sealed record Cosigned(IReadOnlyList<NoteSignature> Signatures) : WitnessAnswer;

    /// <summary>409: the size of the checkpoint that was cosigned last.</summary>
    public sealed record Conflict(long Size) : WitnessAnswer;

    /// <summary>The checkpoint is not cosigned.</summary>
    /// <param name="Status">400, 403 or 422.</param>
    /// <param name="Reason">A sentence.</param>
    public sealed record Refused(int Status, string Reason) : WitnessAnswer;
}
