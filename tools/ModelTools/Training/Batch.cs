namespace DeterministicInference.ModelTools.Training;

/// <summary>The documents of one step.</summary>
/// <param name="Shards">
/// The fixed number of shards of the recipe; the last ones may be empty in a validation set.
/// </param>
/// <param name="FirstDocument">Index of the first document.</param>
/// <param name="NextDocument">Index of the first document of the step after.</param>
/// <param name="CutDocuments">Documents longer than the trained context.</param>
internal sealed record Batch(IReadOnlyList<Shard> Shards, long FirstDocument, long NextDocument, int CutDocuments)
{
    public int Tokens => Shards.Sum(shard => shard.Tokens.Count);

    public int Targets => Shards.Sum(shard => shard.TargetCount);
}
