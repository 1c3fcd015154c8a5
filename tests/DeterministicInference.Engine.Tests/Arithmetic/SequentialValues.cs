namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>Attention's values added one after the other.</summary>
internal sealed class SequentialValues : SummationOrder
{
    public override float WeightedSum(ReadOnlySpan<float> weights, ReadOnlySpan<float> values)
    {
        float sum = 0;
        for (int j = 0; j < weights.Length; j++)
            sum = MathF.FusedMultiplyAdd(weights[j], values[j], sum);
        return sum;
    }
}
