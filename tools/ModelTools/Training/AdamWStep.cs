namespace DeterministicInference.ModelTools.Training;

/// <summary>The scalars of one AdamW step.</summary>
/// <param name="LearningRate">This step's rate.</param>
/// <param name="GradientScale">What clipping multiplies gradients with.</param>
/// <param name="Beta1">Memory of the first moment.</param>
/// <param name="Beta2">Memory of the second moment.</param>
/// <param name="Correction1">1/(1 − β₁ᵗ).</param>
/// <param name="Correction2">1/(1 − β₂ᵗ).</param>
/// <param name="Epsilon">Added to the root of the second moment.</param>
internal readonly record struct AdamWStep(
    float LearningRate,
    float GradientScale,
    float Beta1,
    float Beta2,
    float Correction1,
    float Correction2,
    float Epsilon
);
