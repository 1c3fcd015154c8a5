namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>How far a witness has come.</summary>
/// <param name="Name">The policy's name for it.</param>
/// <param name="Size">Entries that it has cosigned.</param>
/// <param name="IsBehind">Whether it fails, or others were enough for the newest quorum without it.</param>
/// <param name="Problem">Why; null where it has only not answered yet.</param>
internal sealed record WitnessState(string Name, long Size, bool IsBehind, string? Problem);

/// <summary>What the witnesses of the log have done at one moment.</summary>
/// <param name="Size">Entries of the newest checkpoint with a quorum; null if there is none.</param>
/// <param name="CanWitness">Whether answers that wait for a quorum get it.</param>
/// <param name="Problem">Why not, or why the newest quorum can't be stored; null where nothing is wrong.</param>
/// <param name="Witnesses">Those with an address.</param>
internal sealed record WitnessesState(
    long? Size,
    bool CanWitness,
    string? Problem,
    IReadOnlyList<WitnessState> Witnesses
);
