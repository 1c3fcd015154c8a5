using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tests.Arithmetic;
using DeterministicInference.Engine.Tests.Model;
using DeterministicInference.Engine.Tests.Scheduling;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Forward;

/// <summary>The engine's logits against two independent implementations of the transformer.</summary>
public sealed class ForwardTests
{
    // Largest error of a logit as a share of the largest logit; measured: at most 7e-7.
    private const double Tolerance = 3e-6;

    private static readonly LlamaShape Small = TemporaryModel.Tiny;

    private static readonly Dictionary<string, LlamaShape> Shapes = new()
    {
        ["grouped heads of width 8"] = Small,
        ["widths that are no multiple of 16"] = Small with
        {
            Hidden = 36,
            Heads = 3,
            KeyValueHeads = 3,
            HeadDim = 12,
            Intermediate = 50,
            Vocabulary = 277,
        },
        ["one kv head, width 80"] = Small with
        {
            Hidden = 100,
            Heads = 4,
            KeyValueHeads = 1,
            HeadDim = 80,
            Intermediate = 172,
            Layers = 1,
        },
        ["untied, heads wider than the stream"] = Small with
        {
            Hidden = 40,
            Heads = 2,
            KeyValueHeads = 1,
            HeadDim = 64,
            TiedEmbeddings = false,
            RopeTheta = 500_000,
        },
        ["five layers, head width 2"] = Small with
        {
            Hidden = 20,
            Heads = 10,
            KeyValueHeads = 5,
            HeadDim = 2,
            Layers = 5,
            RmsEpsilon = 1e-2,
        },
    };

    public static TheoryData<string, bool> Models { get; } =
    [.. Shapes.Keys.SelectMany(name => new (string, bool)[] { (name, false), (name, true) })];

    public static TheoryData<Type> WrongOrders { get; } =
    [typeof(SequentialDot), typeof(RoundedProductDot), typeof(SequentialSum), typeof(SequentialValues)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Logits_have_the_bits_that_the_specification_gives(string shape, bool biases)
    {
        using TemporaryModel model = new TemporaryModel(Shapes[shape]).WithVariedGains(biases);
        // Two blocks of the cache.
        int[] prompt = WorkloadDigest.Prompt(Shapes[shape].Vocabulary, 3, 70);

        await CheckAsync(model.Folder, prompt);
    }

    [Theory]
    [InlineData(nameof(TensorType.BF16))]
    [InlineData(nameof(TensorType.F16))]
    public async Task Sixteen_bit_weights_are_computed_in_single_precision(string type)
    {
        using TemporaryModel model = new(Small with { Hidden = 44, Intermediate = 70 }, Enum.Parse<TensorType>(type));

        await CheckAsync(model.Folder, WorkloadDigest.Prompt(Small.Vocabulary, 4, 20));
    }

    [Theory]
    [InlineData(SharedModels.TinyStories)]
    [InlineData(SharedModels.TinyStoriesBFloat16)]
    public async Task Logits_of_a_trained_model_have_the_bits_that_the_specification_gives(string name) =>
        await CheckAsync(SharedModels.Require(name), WorkloadDigest.Prompt(2048, 0, 40));

    /// <summary>
    /// The negative control: the comparison does notice an order of additions that is not the specified one.
    /// </summary>
    [Theory]
    [MemberData(nameof(WrongOrders))]
    public async Task Another_order_of_additions_gives_other_bits(Type order)
    {
        // Up to 64 products there is one per partial sum, and rounding them changes nothing.
        using TemporaryModel model = new TemporaryModel(
            Small with
            {
                Hidden = 100,
                Intermediate = 172,
            }
        ).WithVariedGains();
        int[] prompt = WorkloadDigest.Prompt(Small.Vocabulary, 3, 40);
        float[][] actual = await EngineLogitsAsync(model.Folder, prompt);

        float[][] reordered = Reference(model.Folder, (SummationOrder)Activator.CreateInstance(order)!, prompt);

        Assert.InRange(actual.Zip(reordered).Count(row => Bits.FirstDifference(row.First, row.Second) >= 0), 20, 40);
    }

    private static async Task CheckAsync(string folder, int[] prompt)
    {
        float[][] actual = await EngineLogitsAsync(folder, prompt);
        float[][] expected = Reference(folder, SummationOrder.Canonical, prompt);
        double[][] exact = new DoubleReference(new ReferenceWeights(folder)).Logits(prompt);

        Assert.Equal(prompt.Length, actual.Length);
        for (int i = 0; i < prompt.Length; i++)
        {
            Bits.Equal(expected[i], actual[i], $"logits after token {i}");
            double largest = exact[i].Max(Math.Abs);
            Assert.All(
                actual[i].Zip(exact[i]),
                pair => Assert.InRange(Math.Abs(pair.First - pair.Second) / largest, 0, Tolerance)
            );
        }
    }

    private static float[][] Reference(string folder, SummationOrder order, int[] prompt) =>
        new ScalarReference(new ReferenceWeights(folder), order).Logits(prompt);

    private static async Task<float[][]> EngineLogitsAsync(string folder, int[] prompt)
    {
        using EmbeddedEngine engine = EmbeddedEngine.Load(folder, TemporaryModel.Limits);
        GenerationRun run = await GenerationRun.OfAsync(
            engine,
            new GenerationRequest { Prompt = prompt, MaxTokens = 0 },
            Cancellation
        );
        return [.. run.PromptLogits];
    }
}
