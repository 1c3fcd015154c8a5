namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>
/// The order in which the forward pass adds, in plain code: 64 partial sums, element k in lane k mod 16 of accumulator
/// (k / 16) mod 4; then (a₀+a₁)+(a₂+a₃), then the lanes by halves. Derived orders break one rule each, to show that
/// a comparison of bits notices.
/// </summary>
internal class SummationOrder
{
    public static SummationOrder Canonical { get; } = new();

    /// <summary>Σ a[k]·b[k].</summary>
    public virtual float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var partial = new float[64];
        for (int k = 0; k < a.Length; k++)
            partial[k % 64] = MathF.FusedMultiplyAdd(a[k], b[k], partial[k % 64]);
        return Combine(partial);
    }

    /// <summary>Σ a[k].</summary>
    public virtual float Sum(ReadOnlySpan<float> a)
    {
        var partial = new float[64];
        for (int k = 0; k < a.Length; k++)
            partial[k % 64] += a[k];
        return Combine(partial);
    }

    /// <summary>Σ weight·value over positions: position j goes to accumulator j mod 4.</summary>
    public virtual float WeightedSum(ReadOnlySpan<float> weights, ReadOnlySpan<float> values)
    {
        var partial = new float[4];
        for (int j = 0; j < weights.Length; j++)
            partial[j % 4] = MathF.FusedMultiplyAdd(weights[j], values[j], partial[j % 4]);
        return (partial[0] + partial[1]) + (partial[2] + partial[3]);
    }

    private static float Combine(float[] partial)
    {
        var lanes = new float[16];
        for (int i = 0; i < 16; i++)
            lanes[i] = (partial[i] + partial[16 + i]) + (partial[32 + i] + partial[48 + i]);
        for (int half = 8; half > 0; half /= 2)
        {
            for (int i = 0; i < half; i++)
                lanes[i] += lanes[i + half];
        }
        return lanes[0];
    }
}
