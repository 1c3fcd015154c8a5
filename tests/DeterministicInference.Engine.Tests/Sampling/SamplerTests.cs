using DeterministicInference.Engine.Sampling;
using Xunit;

namespace DeterministicInference.Engine.Tests.Sampling;

/// <summary>Penalties, temperature and filters, token by token.</summary>
public sealed class SamplerTests : IDisposable
{
    private const int Vocabulary = 50;

    private static readonly Dictionary<int, int> Nothing = [];

    private readonly Sampler _sampler = new(Vocabulary);

    /// <summary>Temperature, top_k, top_p, min_p.</summary>
    public static TheoryData<float, int, float, float> Settings { get; } =
        new()
        {
            { 1f, 0, 1f, 0f },
            { 0.7f, -1, 1f, 0f },
            { 1f, 1, 1f, 0f },
            { 1.3f, 5, 1f, 0f },
            { 1f, 49, 1f, 0f },
            { 1f, 50, 1f, 0f },
            { 1f, 1000, 1f, 0f },
            { 1f, 0, 0.5f, 0f },
            { 2f, 0, 0.95f, 0f },
            { 1f, 0, 1e-9f, 0f },
            { 1f, 0, 0.999999f, 0f },
            { 1f, 0, 1f, 0.1f },
            { 1f, 0, 1f, 1f },
            { 0.8f, 10, 0.9f, 0.05f },
            { 1.5f, 20, 0.5f, 0.3f },
            { 1e-3f, 0, 0.9f, 0f },
        };

    [Theory]
    [MemberData(nameof(Settings))]
    public void Tokens_are_those_of_a_naive_implementation(float temperature, int topK, float topP, float minP)
    {
        for (int trial = 0; trial < 300; trial++)
        {
            float[] logits = TiedLogits((ulong)trial);
            var parameters = new SamplingParameters
            {
                Temperature = temperature,
                TopK = topK,
                TopP = topP,
                MinP = minP,
                Seed = (ulong)trial,
            };

            int token = _sampler.Sample(logits, parameters, Nothing, trial % 3, trial);

            double u = Philox.Uniform((ulong)trial, (ulong)trial, (ulong)(trial % 3));
            Assert.Equal(NaiveSampler.Draw(NaiveSampler.Remaining(logits, parameters), u), token);
        }
    }

    [Fact]
    public void Of_equal_logits_the_filters_keep_the_lowest_ids()
    {
        float[] equal = new float[Vocabulary];
        int[] seen =
        [
            .. Enumerable
                .Range(0, 500)
                .Select(i =>
                    _sampler.Sample(equal, new SamplingParameters { TopK = 3, Seed = (ulong)i }, Nothing, 0, 0)
                )
                .Distinct()
                .Order(),
        ];

        Assert.Equal([0, 1, 2], seen);
    }

    [Fact]
    public void Negative_and_positive_zero_are_equal()
    {
        float[] zeros = [.. Enumerable.Range(0, Vocabulary).Select(i => i % 2 == 0 ? -0f : 0f)];
        int[] seen =
        [
            .. Enumerable
                .Range(0, 500)
                .Select(i =>
                    _sampler.Sample(zeros, new SamplingParameters { TopK = 2, Seed = (ulong)i }, Nothing, 0, 0)
                )
                .Distinct()
                .Order(),
        ];

        Assert.Equal([0, 1], seen);
        Assert.Equal(0, Sampler.ArgMax(zeros));
    }

    [Fact]
    public void Greedy_takes_the_largest_logit_and_of_equals_the_lowest_id()
    {
        float[] logits = new float[Vocabulary];
        logits[7] = logits[31] = 2;

        Assert.Equal(7, _sampler.Sample(logits, SamplingParameters.Greedy, Nothing, 0, 0));
    }

    [Theory]
    [InlineData(1e-6f)]
    [InlineData(1e-30f)]
    [InlineData(float.Epsilon)]
    public void A_tiny_temperature_is_greedy_without_overflow(float temperature)
    {
        float[] logits = SeededValues.Singles(Vocabulary, 1);
        logits[11] = 40;
        for (ulong seed = 0; seed < 50; seed++)
        {
            Assert.Equal(
                11,
                _sampler.Sample(
                    logits,
                    new SamplingParameters { Temperature = temperature, Seed = seed },
                    Nothing,
                    0,
                    0
                )
            );
        }
    }

    [Fact]
    public void Penalties_lower_what_was_generated_by_count_and_by_presence()
    {
        float[] logits = new float[Vocabulary];
        (logits[1], logits[2], logits[3]) = (3f, 2.5f, 1.9f);
        Dictionary<int, int> generated = new() { [1] = 3, [2] = 1 };

        Assert.Equal(1, Greedy(new SamplingParameters { Temperature = 0 }));
        Assert.Equal(2, Greedy(new SamplingParameters { Temperature = 0, FrequencyPenalty = 0.3f }));
        Assert.Equal(1, Greedy(new SamplingParameters { Temperature = 0, PresencePenalty = 0.3f }));
        Assert.Equal(
            3,
            Greedy(
                new SamplingParameters
                {
                    Temperature = 0,
                    FrequencyPenalty = 0.3f,
                    PresencePenalty = 1f,
                }
            )
        );
        Assert.Equal(1, Greedy(new SamplingParameters { Temperature = 0, FrequencyPenalty = -2f }));

        int Greedy(SamplingParameters parameters) => _sampler.Sample(logits, parameters, generated, 0, 0);
    }

    [Fact]
    public void A_bias_is_added_to_the_logit_and_the_logits_stay_as_they_are()
    {
        float[] logits = SeededValues.Singles(Vocabulary, 2),
            copy = [.. logits];
        SamplingParameters forced = new() { Temperature = 1, LogitBias = [new(17, 100f), new(3, -100f)] };
        SamplingParameters banned = new()
        {
            Temperature = 1,
            LogitBias =
            [
                .. Enumerable
                    .Range(0, Vocabulary)
                    .Where(i => i is not (4 or 9))
                    .Select(i => KeyValuePair.Create(i, -100f)),
            ],
        };

        Assert.All(
            Enumerable.Range(0, 100),
            i => Assert.Equal(17, _sampler.Sample(logits, forced with { Seed = (ulong)i }, Nothing, 0, i))
        );
        Assert.All(
            Enumerable.Range(0, 100),
            i => Assert.Contains(_sampler.Sample(logits, banned with { Seed = (ulong)i }, Nothing, 0, i), (int[])[4, 9])
        );
        Bits.Equal(copy, logits, "logits");
    }

    [Fact]
    public void A_draw_depends_on_seed_choice_and_position_only()
    {
        float[] logits = SeededValues.Singles(Vocabulary, 3);
        using var fresh = new Sampler(Vocabulary);
        int[] draws = Draws(_sampler, seed: 5, choice: 1, position: 100);
        for (int i = 0; i < 37; i++)
            fresh.Sample(TiedLogits((ulong)i), new SamplingParameters { Seed = 9, TopK = 7 }, Nothing, 0, i);

        Assert.Equal(draws, Draws(fresh, seed: 5, choice: 1, position: 100));
        Assert.NotEqual(draws, Draws(_sampler, seed: 6, choice: 1, position: 100));
        Assert.NotEqual(draws, Draws(_sampler, seed: 5, choice: 2, position: 100));
        Assert.Equal(draws[1..], Draws(_sampler, seed: 5, choice: 1, position: 101)[..^1]);

        int[] Draws(Sampler sampler, ulong seed, int choice, int position) =>
            [
                .. Enumerable
                    .Range(position, 40)
                    .Select(p => sampler.Sample(logits, new SamplingParameters { Seed = seed }, Nothing, choice, p)),
            ];
    }

    public void Dispose() => _sampler.Dispose();

    /// <summary>Logits in coarse steps, so that many are equal.</summary>
    private static float[] TiedLogits(ulong stream) =>
        [.. SeededValues.Singles(Vocabulary, stream).Select(value => MathF.Round(value * 12) / 4)];
}
