using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>What one step hands to the next: a checkpoint holds exactly this.</summary>
internal sealed class TrainingState : IDisposable
{
    private TrainingState(int parameters)
    {
        Weights = new(parameters);
        FirstMoments = new(parameters);
        SecondMoments = new(parameters);
    }

    /// <summary>The float32 masters.</summary>
    public NativeBuffer Weights { get; }

    public NativeBuffer FirstMoments { get; }

    public NativeBuffer SecondMoments { get; }

    /// <summary>Steps done.</summary>
    public int Step { get; set; }

    /// <summary>Index of the first document that no finished step has used.</summary>
    public long NextDocument { get; set; }

    /// <summary>Tokens that went through finished steps.</summary>
    public long Tokens { get; set; }

    /// <summary>β₁ to the power of <see cref="Step"/>, by repeated multiplication.</summary>
    public double Beta1Power { get; set; } = 1;

    /// <summary>β₂ to the power of <see cref="Step"/>, by repeated multiplication.</summary>
    public double Beta2Power { get; set; } = 1;

    /// <summary>SHA-256 over the weights, in hexadecimal.</summary>
    public string WeightsHash => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(Weights.Span)));

    /// <summary>The state before the first step; element i of tensor t depends on (seed, t, i) only.</summary>
    public static TrainingState Create(TrainingRecipe recipe, ParameterLayout layout)
    {
        TrainingState state = new(layout.Length);
        for (int t = 0; t < layout.Tensors.Count; t++)
        {
            LlamaTensor tensor = layout.Tensors[t].Tensor;
            Span<float> values = state.Weights.Span.Slice(layout.Tensors[t].Offset, layout.Tensors[t].Length);
            if (tensor.Role == LlamaTensorRole.Norm)
            {
                values.Fill(1f);
                continue;
            }
            SeededNormal normal = new(recipe.Seed, t);
            float deviation = (float)Deviation(recipe, tensor);
            for (int i = 0; i < values.Length; i++)
                values[i] = deviation * normal.At(i);
        }
        return state;
    }

    /// <summary>A state to be filled from a checkpoint.</summary>
    public static TrainingState CreateEmpty(ParameterLayout layout) => new(layout.Length);

    public void Dispose()
    {
        Weights.Dispose();
        FirstMoments.Dispose();
        SecondMoments.Dispose();
    }

    private static double Deviation(TrainingRecipe recipe, LlamaTensor tensor)
    {
        double matrix = recipe.MatrixDeviation / Math.Sqrt(tensor.Columns);
        return tensor.Role switch
        {
            LlamaTensorRole.Embedding => recipe.EmbeddingDeviation,
            LlamaTensorRole.OutputProjection => matrix / Math.Sqrt(2 * recipe.Shape.Layers),
            _ => matrix,
        };
    }
}
