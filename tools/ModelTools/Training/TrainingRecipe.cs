using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Everything that decides the trained weights' bits. Thread count and instruction set are not in it: they decide
/// nothing.
/// </summary>
/// <param name="Shape">The model.</param>
/// <param name="Steps">Optimizer steps of the whole run; the learning rate is a function of it.</param>
/// <param name="Seed">Seed of the initial weights.</param>
/// <param name="Corpus">Identity of what the documents are made from: generator, its seed, and tokenizer.</param>
internal sealed record TrainingRecipe(LlamaShape Shape, int Steps, ulong Seed, string Corpus)
{
    /// <summary>Version of the order of arithmetic operations; a change that moves bits raises it.</summary>
    public const int NumericsVersion = 1;

    /// <summary>Shards per step, summed in order.</summary>
    public int Shards { get; init; } = 8;

    /// <summary>Most tokens of a shard.</summary>
    public int ShardTokens { get; init; } = 512;

    /// <summary>Tokens after which a document is cut.</summary>
    public int DocumentTokens { get; init; } = 256;

    public double PeakLearningRate { get; init; } = 4e-3;

    /// <summary>Steps over which the learning rate rises linearly.</summary>
    public int WarmUpSteps { get; init; } = 100;

    /// <summary>Fraction of the steps until the learning rate starts to fall linearly.</summary>
    public double ConstantUntil { get; init; } = 0.4;

    /// <summary>Fraction of the peak at which the learning rate ends.</summary>
    public double FinalFraction { get; init; } = 0.02;

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.98;

    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay, of all tensors but norms.</summary>
    public double WeightDecay { get; init; } = 0.05;

    /// <summary>Largest global gradient norm.</summary>
    public double ClipNorm { get; init; } = 1.0;

    /// <summary>Standard deviation of the initial embedding.</summary>
    public double EmbeddingDeviation { get; init; } = 0.05;

    /// <summary>Standard deviation of an initial matrix times the root of its inputs.</summary>
    public double MatrixDeviation { get; init; } = 0.8;

    /// <summary>SHA-256 over every value above, in hexadecimal.</summary>
    public string Identity
    {
        get
        {
            LlamaShape s = Shape;
            FormattableString shape =
                $"{s.Hidden} {s.Layers} {s.Heads} {s.KeyValueHeads} {s.HeadDim} {s.Intermediate} {s.Vocabulary}";
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"""
                numerics {NumericsVersion}
                shape {shape} {s.RopeTheta:R} {s.RmsEpsilon:R}
                steps {Steps}
                seed {Seed}
                shards {Shards} {ShardTokens} {DocumentTokens}
                rate {PeakLearningRate:R} {WarmUpSteps} {ConstantUntil:R} {FinalFraction:R}
                adamw {Beta1:R} {Beta2:R} {Epsilon:R} {WeightDecay:R} {ClipNorm:R}
                init {EmbeddingDeviation:R} {MatrixDeviation:R}
                corpus {Corpus}
                """
            );
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"))));
        }
    }

    /// <summary>The learning rate of a step, counted from 0.</summary>
    public double LearningRate(int step)
    {
        if (step < WarmUpSteps)
            return PeakLearningRate * (step + 1) / WarmUpSteps;
        double fallsFrom = ConstantUntil * Steps;
        if (step < fallsFrom)
            return PeakLearningRate;
        double done = (step - fallsFrom) / (Steps - fallsFrom);
        return PeakLearningRate * (1 - (1 - FinalFraction) * Math.Min(done, 1));
    }
}
