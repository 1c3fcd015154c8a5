using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Engine.Sampling;

/// <summary>A token and the natural logarithm of its probability.</summary>
internal readonly record struct TokenLogprob(int Token, float Logprob);

/// <summary>
/// The log probability of a token and of the most probable ones, from the logits before temperature and filters.
/// </summary>
/// <param name="Chosen">The token that was taken.</param>
/// <param name="Top">The most probable tokens, falling; equals by rising id.</param>
internal sealed record PositionLogprobs(TokenLogprob Chosen, IReadOnlyList<TokenLogprob> Top)
{
    /// <param name="logits">Of the whole vocabulary.</param>
    /// <param name="token">The token that was taken.</param>
    /// <param name="top">How many alternatives to report.</param>
    public static PositionLogprobs Of(ReadOnlySpan<float> logits, int token, int top)
    {
        float maximum = logits[Sampler.ArgMax(logits)];
        double sum = 0;
        foreach (float logit in logits)
            sum += CanonicalMath.Exp((double)logit - maximum);
        double logSum = CanonicalMath.Log(sum);

        var best = new List<TokenLogprob>(top + 1);
        for (int i = 0; i < logits.Length && top > 0; i++)
        {
            if (best.Count == top && logits[i] <= logits[best[^1].Token])
                continue;
            int place = best.Count;
            while (place > 0 && logits[best[place - 1].Token] < logits[i])
                place--;
            best.Insert(place, new TokenLogprob(i, Logprob(logits, i)));
            if (best.Count > top)
                best.RemoveAt(top);
        }
        return new PositionLogprobs(new TokenLogprob(token, Logprob(logits, token)), best);

        float Logprob(ReadOnlySpan<float> values, int i) => (float)((double)values[i] - maximum - logSum);
    }
}
