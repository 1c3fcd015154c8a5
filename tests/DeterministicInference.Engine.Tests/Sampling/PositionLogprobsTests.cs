using DeterministicInference.Engine.Sampling;
using Xunit;

namespace DeterministicInference.Engine.Tests.Sampling;

/// <summary>Log probabilities against a softmax in double precision.</summary>
public sealed class PositionLogprobsTests
{
    [Fact]
    public void Log_probabilities_are_those_of_the_softmax()
    {
        float[] logits = [.. SeededValues.Singles(300, 4).Select(value => 10 * value)];
        double maximum = logits.Max(),
            logSum = Math.Log(logits.Sum(logit => Math.Exp(logit - maximum)));

        for (int token = 0; token < logits.Length; token++)
        {
            TokenLogprob chosen = PositionLogprobs.Of(logits, token, 0).Chosen;
            Assert.Equal(token, chosen.Token);
            Assert.Equal(logits[token] - maximum - logSum, chosen.Logprob, 1e-5);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(20)]
    [InlineData(100)]
    public void The_most_probable_tokens_fall_and_equals_rise_by_id(int top)
    {
        float[] logits = [.. SeededValues.Singles(60, 5).Select(value => MathF.Round(value * 6))];
        int[] expected =
        [
            .. logits
                .Index()
                .OrderByDescending(logit => logit.Item)
                .ThenBy(logit => logit.Index)
                .Take(top)
                .Select(logit => logit.Index),
        ];

        Assert.Equal(expected, PositionLogprobs.Of(logits, 3, top).Top.Select(entry => entry.Token));
    }

    [Fact]
    public void Extreme_logits_give_finite_values_for_the_probable()
    {
        float[] logits = [1e30f, -1e30f, 1e30f];

        Assert.Equal(-0.6931472f, PositionLogprobs.Of(logits, 0, 0).Chosen.Logprob, 6);
        Assert.Equal(-2e30f, PositionLogprobs.Of(logits, 1, 0).Chosen.Logprob);
    }
}
