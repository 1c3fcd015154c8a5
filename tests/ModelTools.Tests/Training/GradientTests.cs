using DeterministicInference.ModelTools.Model;
using DeterministicInference.ModelTools.Training;
using Xunit;

namespace ModelTools.Tests.Training;

/// <summary>The trainer's loss and gradient against a naive forward pass in double precision.</summary>
public sealed unsafe class GradientTests
{
    private static readonly LlamaShape Shape = new(
        Hidden: 64,
        Layers: 2,
        Heads: 4,
        KeyValueHeads: 2,
        HeadDim: 32,
        Intermediate: 96,
        Vocabulary: 96,
        MaxPositions: 64
    );

    // Odd lengths leave incomplete tiles everywhere: rows, panels and lane groups.
    private static readonly TrainingDocument[] Documents = [.. new[] { 37, 12, 50, 29 }.Select(RandomDocument)];

    private readonly ParameterLayout _layout = new(Shape);
    private readonly float[] _weights;
    private readonly float[] _gradient;
    private readonly ShardLoss _loss;

    public GradientTests()
    {
        // Larger than a training run starts with: flat attention and small logits would hide mistakes.
        TrainingRecipe recipe = new(Shape, Steps: 1, Seed: 11, Corpus: "")
        {
            EmbeddingDeviation = 0.4,
            MatrixDeviation = 1.5,
        };
        using TrainingState state = TrainingState.Create(recipe, _layout);
        foreach (ParameterTensor tensor in _layout.Tensors.Where(tensor => tensor.Tensor.Role == LlamaTensorRole.Norm))
        {
            SeededNormal normal = new(12, tensor.Offset);
            for (int i = 0; i < tensor.Length; i++)
                state.Weights.Span[tensor.Offset + i] = 1 + 0.2f * normal.At(i);
        }
        _weights = state.Weights.Span.ToArray();

        Shard shard = new();
        foreach (TrainingDocument document in Documents)
            shard.Add(document, document.Tokens.Length);
        using PackedWeights packed = new(_layout);
        packed.PackAll(state.Weights.Pointer);
        using NativeBuffer gradient = new(_layout.Length);
        // What an earlier step left must not matter.
        gradient.Span.Fill(1e6f);
        using IShardPass pass = FastestKernels.Create().CreatePass(_layout, 128, 50);
        _loss = pass.ForwardBackward(shard, packed, 1f / shard.TargetCount, gradient.Pointer);
        _gradient = gradient.Span.ToArray();
    }

    public static TheoryData<string> TensorNames => [.. LlamaTensor.Enumerate(Shape).Select(tensor => tensor.Name)];

    [Fact]
    public void The_loss_agrees_with_the_naive_forward_pass()
    {
        double expected = new NaiveLlama(_layout).Loss(Widen(_weights), Documents);

        Assert.True(expected > 4, $"The check needs a loss worth computing, not {expected}.");
        Assert.Equal(expected, _loss.Mean, expected * 2e-6);
    }

    [Theory]
    [MemberData(nameof(TensorNames))]
    public void The_gradient_of_each_tensor_agrees_with_differences_of_the_naive_forward_pass(string name)
    {
        ParameterTensor tensor = _layout.Tensors.First(candidate => candidate.Tensor.Name == name);
        for (int mask = 0; mask < 3; mask++)
        {
            // Mask 0 keeps the whole gradient, the others about half of it in another pattern each.
            SeededNormal random = new(13, mask);
            double[] direction = new double[tensor.Length];
            for (int i = 0; i < direction.Length; i++)
            {
                direction[i] = mask == 0 || random.At(i) > 0 ? _gradient[tensor.Offset + i] : 0;
            }
            double length = Math.Sqrt(direction.Sum(value => value * value));
            Assert.True(length > 1e-4, $"{name}: the gradient is too small to check: {length}");

            const double Distance = 1e-4;
            double ahead = LossAt(tensor.Offset, direction, Distance / length);
            double behind = LossAt(tensor.Offset, direction, -Distance / length);
            double slope = (ahead - behind) / (2 * Distance);

            Assert.True(
                Math.Abs(slope - length) < 1e-5 * length,
                $"{name}, mask {mask}: slope {slope}, gradient {length}"
            );
        }
    }

    private double LossAt(int offset, double[] direction, double distance)
    {
        double[] weights = Widen(_weights);
        for (int i = 0; i < direction.Length; i++)
            weights[offset + i] += distance * direction[i];
        return new NaiveLlama(_layout).Loss(weights, Documents);
    }

    private static double[] Widen(float[] values) => Array.ConvertAll(values, value => (double)value);

    private static TrainingDocument RandomDocument(int length)
    {
        SeededNormal random = new(10, length);
        int[] tokens =
        [
            .. Enumerable.Range(0, length).Select(i => (int)(Math.Abs(random.At(i)) * 1000) % Shape.Vocabulary),
        ];
        bool[] isTarget = [.. Enumerable.Range(0, length).Select(i => i % 7 > 2)];
        return new(tokens, isTarget);
    }
}
