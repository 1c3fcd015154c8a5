namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>Products added one after the other.</summary>
internal sealed class SequentialDot : SummationOrder
{
    public override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        float sum = 0;
        for (int k = 0; k < a.Length; k++)
            sum = MathF.FusedMultiplyAdd(a[k], b[k], sum);
        return sum;
    }
}
