using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// A short training run of a small model on made-up documents whose hash has to be the same on every CPU: the probe
/// that tests run under other instruction sets.
/// </summary>
internal static class TrainingCheck
{
    /// <summary>Two layers, hidden size 64, grouped query attention.</summary>
    public static LlamaShape Shape { get; } =
        new(
            Hidden: 64,
            Layers: 2,
            Heads: 2,
            KeyValueHeads: 1,
            HeadDim: 32,
            Intermediate: 96,
            Vocabulary: 96,
            MaxPositions: 64
        );

    /// <summary>Its recipe: shards so small that the run finishes without hardware intrinsics too.</summary>
    public static TrainingRecipe Recipe(int steps) =>
        new(Shape, steps, Seed: 7, Corpus: "training-check")
        {
            Shards = 4,
            ShardTokens = 48,
            DocumentTokens = 32,
            WarmUpSteps = 10,
        };

    /// <summary>
    /// Document i: a run of consecutive tokens from a pseudo-random start, of odd and even lengths, with a first part
    /// that does not count.
    /// </summary>
    public static TrainingDocument Document(long index)
    {
        SeededNormal random = new(99, 0);
        int start = (int)(random.At(3 * index) * 1000) & 0xFFFF;
        int stride = 1 + ((int)(random.At(3 * index + 1) * 1000) & 3);
        int length = 5 + ((int)(random.At(3 * index + 2) * 1000) & 0xFF) % 31;
        int[] tokens = new int[length];
        bool[] isTarget = new bool[length];
        for (int i = 0; i < length; i++)
        {
            tokens[i] = (start + i * stride) % Shape.Vocabulary;
            isTarget[i] = i >= 2;
        }
        return new(tokens, isTarget);
    }

    /// <summary>Trains and writes the weights' hash as the only line.</summary>
    /// <returns>The process's exit code.</returns>
    public static int Run(int steps, int threads, TextWriter output, TextWriter progress)
    {
        TrainerSettings settings = new() { Threads = threads, Progress = progress };
        output.WriteLine(Trainer.Run(Recipe(steps), Document, validation: null, settings).WeightsHash);
        return 0;
    }
}
