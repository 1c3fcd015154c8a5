namespace DeterministicInference.Receipts.Tokens;

/// <summary>The token ids of an answer, or of its prompts, as a receipt binds them.</summary>
/// <param name="Digest">Over the ends of the chains.</param>
/// <param name="Counts">Tokens of each choice or prompt.</param>
/// <param name="Trail">The first two bytes of every link, one chain after the other: with the salt, it gives the tokens away.</param>
public sealed record TokenDigest(Sha256Value Digest, IReadOnlyList<int> Counts, ReadOnlyMemory<byte> Trail)
{
    /// <summary>The SHA-256 of the trail.</summary>
    public Sha256Value TrailDigest => Sha256Value.Of(Trail.Span);
}
