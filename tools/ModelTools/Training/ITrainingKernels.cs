namespace DeterministicInference.ModelTools.Training;

/// <summary>The trainer's arithmetic in one implementation of the lanes; all give the same bits.</summary>
internal unsafe interface ITrainingKernels
{
    /// <summary>A worker's pass for shards of up to <paramref name="maxTokens"/> tokens.</summary>
    IShardPass CreatePass(ParameterLayout layout, int maxTokens, int maxDocument);

    /// <summary>
    /// Adds gradients in the order given: total = ((g₀ + g₁) + g₂) + …. Returns the sum of the squares of the totals.
    /// </summary>
    /// <param name="gradients">The shards' gradients.</param>
    /// <param name="offset">First parameter, a multiple of 16.</param>
    /// <param name="length">Number of parameters, a multiple of 16.</param>
    /// <param name="total">The step's gradient.</param>
    float SumGradients(IReadOnlyList<NativeBuffer> gradients, int offset, int length, float* total);

    /// <summary>Applies AdamW to parameters from <paramref name="offset"/> on.</summary>
    /// <param name="decay">This block's weight decay.</param>
    void Update(in AdamWStep step, float decay, TrainingState state, float* gradient, int offset, int length);
}
