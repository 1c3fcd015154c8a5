using DeterministicInference.Engine.Sampling;
using Xunit;

namespace DeterministicInference.Engine.Tests.Sampling;

/// <summary>
/// 10,000 draws against the softmax by Pearson's χ² test, over seeds, over positions and over choices.
/// </summary>
public sealed class DistributionTests : IDisposable
{
    private const int Vocabulary = 16;
    private const int Draws = 10_000;

    // χ² with 15 degrees of freedom at p = 0.001.
    private const double Critical = 37.70;

    private static readonly float[] Logits = [.. SeededValues.Singles(Vocabulary, 12).Select(value => 2 * value)];

    private readonly Sampler _sampler = new(Vocabulary);

    [Fact]
    public void First_tokens_over_seeds_follow_the_softmax() =>
        Assert.InRange(ChiSquare(i => Sample((ulong)i, 0, 0), temperature: 1), 0, Critical);

    [Fact]
    public void Tokens_over_positions_follow_the_softmax() =>
        Assert.InRange(ChiSquare(i => Sample(42, 0, i), temperature: 1), 0, Critical);

    [Fact]
    public void Tokens_over_choices_follow_the_softmax() =>
        Assert.InRange(ChiSquare(i => Sample(42, i, 7), temperature: 1), 0, Critical);

    [Fact]
    public void The_temperature_divides_the_logits() =>
        Assert.InRange(ChiSquare(i => Sample((ulong)i, 0, 0, temperature: 0.6f), temperature: 0.6), 0, Critical);

    /// <summary>The negative control: the test has the power to see a slightly wrong distribution.</summary>
    [Theory]
    [InlineData(0.9)]
    [InlineData(1.1)]
    public void A_slightly_wrong_temperature_fails_the_test(double temperature) =>
        Assert.InRange(ChiSquare(i => Sample((ulong)i, 0, 0), temperature), Critical, double.MaxValue);

    public void Dispose() => _sampler.Dispose();

    private int Sample(ulong seed, int choice, int position, float temperature = 1) =>
        _sampler.Sample(
            Logits,
            new SamplingParameters { Seed = seed, Temperature = temperature },
            new Dictionary<int, int>(),
            choice,
            position
        );

    private static double ChiSquare(Func<int, int> draw, double temperature)
    {
        var counts = new int[Vocabulary];
        for (int i = 0; i < Draws; i++)
            counts[draw(i)]++;
        double[] weights = [.. Logits.Select(logit => Math.Exp(logit / temperature))];
        double total = weights.Sum();
        return counts
            .Zip(
                weights,
                (count, weight) =>
                {
                    double expected = Draws * weight / total;
                    return (count - expected) * (count - expected) / expected;
                }
            )
            .Sum();
    }
}
