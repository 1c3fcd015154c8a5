using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Tests.Arithmetic;

namespace DeterministicInference.Engine.Tests.Sampling;

/// <summary>Sampling as the parameters describe it, by sorting the whole vocabulary.</summary>
internal static class NaiveSampler
{
    /// <summary>The weight of every token that the filters leave, by id.</summary>
    public static SortedDictionary<int, float> Remaining(float[] logits, SamplingParameters parameters)
    {
        float maximum = logits.Max();
        List<(int Id, float Weight)> falling =
        [
            .. logits
                .Index()
                .OrderByDescending(logit => logit.Item)
                .ThenBy(logit => logit.Index)
                .Select(logit => (logit.Index, PlainMath.Exp((logit.Item - maximum) / parameters.Temperature))),
        ];
        if (parameters.TopK > 0)
            falling = [.. falling.Take(parameters.TopK)];
        if (parameters.TopP < 1)
        {
            double total = falling.OrderBy(token => token.Id).Sum(token => (double)token.Weight),
                running = 0;
            int kept = 0;
            while (kept < falling.Count && running < parameters.TopP * total)
                running += falling[kept++].Weight;
            falling = [.. falling.Take(Math.Max(kept, 1))];
        }
        return new SortedDictionary<int, float>(
            falling
                .Where(token => token.Weight > 0 && token.Weight >= parameters.MinP)
                .ToDictionary(token => token.Id, token => token.Weight)
        );
    }

    /// <summary>The token at which the running sum exceeds the share <paramref name="u"/> of the total.</summary>
    public static int Draw(SortedDictionary<int, float> weights, double u)
    {
        double target = u * weights.Values.Sum(weight => (double)weight),
            running = 0;
        foreach ((int id, float weight) in weights)
        {
            running += weight;
            if (running > target)
                return id;
        }
        return weights.Keys.Last();
    }
}
