using DeterministicInference.ModelTools.Model;
using DeterministicInference.ModelTools.Training;
using Xunit;

namespace ModelTools.Tests.Training;

public sealed class TrainingRecipeTests
{
    private static readonly TrainingRecipe Recipe = new(LlamaShape.Bundled, Steps: 1000, Seed: 1, Corpus: "c");

    [Fact]
    public void The_bundled_shape_has_the_documented_number_of_parameters()
    {
        Assert.Equal(918_656, LlamaShape.Bundled.ParameterCount);
        Assert.Equal(918_656, new ParameterLayout(LlamaShape.Bundled).Length);
    }

    [Theory]
    [InlineData(0, 4e-5)]
    [InlineData(49, 2e-3)]
    [InlineData(99, 4e-3)]
    [InlineData(100, 4e-3)]
    [InlineData(400, 4e-3)]
    [InlineData(700, 2.04e-3)]
    [InlineData(1000, 8e-5)]
    public void The_learning_rate_rises_stays_and_falls_linearly(int step, double expected)
    {
        Assert.Equal(expected, Recipe.LearningRate(step), 1e-12);
    }

    [Fact]
    public void The_identity_covers_every_value()
    {
        TrainingRecipe[] changed =
        [
            Recipe,
            Recipe with
            {
                Shape = LlamaShape.Bundled with { Intermediate = 416 },
            },
            Recipe with
            {
                Shape = LlamaShape.Bundled with { RopeTheta = 500_000 },
            },
            Recipe with
            {
                Shape = LlamaShape.Bundled with { RmsEpsilon = 1e-6 },
            },
            Recipe with
            {
                Steps = 1001,
            },
            Recipe with
            {
                Seed = 2,
            },
            Recipe with
            {
                Corpus = "d",
            },
            Recipe with
            {
                Shards = 9,
            },
            Recipe with
            {
                ShardTokens = 513,
            },
            Recipe with
            {
                DocumentTokens = 257,
            },
            Recipe with
            {
                PeakLearningRate = 5e-3,
            },
            Recipe with
            {
                WarmUpSteps = 101,
            },
            Recipe with
            {
                ConstantUntil = 0.5,
            },
            Recipe with
            {
                FinalFraction = 0.03,
            },
            Recipe with
            {
                Beta1 = 0.91,
            },
            Recipe with
            {
                Beta2 = 0.99,
            },
            Recipe with
            {
                Epsilon = 1e-7,
            },
            Recipe with
            {
                WeightDecay = 0.06,
            },
            Recipe with
            {
                ClipNorm = 2,
            },
            Recipe with
            {
                EmbeddingDeviation = 0.06,
            },
            Recipe with
            {
                MatrixDeviation = 0.9,
            },
        ];

        Assert.Equal(changed.Length, changed.Select(recipe => recipe.Identity).Distinct().Count());
        // The properties of the record less Identity, each changed at least once above.
        Assert.Equal(18, typeof(TrainingRecipe).GetProperties().Count(property => property.CanWrite));
    }

    [Fact]
    public void A_shape_that_the_tiles_do_not_fit_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new ParameterLayout(LlamaShape.Bundled with { Hidden = 120 }));
        Assert.Throws<ArgumentException>(() => new ParameterLayout(LlamaShape.Bundled with { KeyValueHeads = 3 }));
        Assert.Throws<ArgumentException>(() => new ParameterLayout(LlamaShape.Bundled with { TiedEmbeddings = false }));
    }
}
