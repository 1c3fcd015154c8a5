using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Statements;

/// <summary>Token ids as a statement binds them.</summary>
/// <param name="Digest">See <see cref="TokenDigest.Digest"/>.</param>
/// <param name="Counts">Tokens of each choice or prompt.</param>
/// <param name="TrailDigest">The hash of the trail; null for prompts, which have none.</param>
public sealed record TokenBinding(Sha256Value Digest, IReadOnlyList<int> Counts, Sha256Value? TrailDigest)
{
    /// <summary>Binds generated tokens.</summary>
    public static TokenBinding OfChoices(TokenDigest tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return new TokenBinding(tokens.Digest, tokens.Counts, tokens.TrailDigest);
    }

    /// <summary>Binds prompt tokens.</summary>
    public static TokenBinding OfPrompts(TokenDigest tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        return new TokenBinding(tokens.Digest, tokens.Counts, null);
    }
}
