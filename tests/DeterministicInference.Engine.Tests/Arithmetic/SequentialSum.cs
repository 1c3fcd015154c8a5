namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>The softmax denominator added one after the other.</summary>
internal sealed class SequentialSum : SummationOrder
{
    public override float Sum(ReadOnlySpan<float> a)
    {
        float sum = 0;
        foreach (float value in a)
            sum += value;
        return sum;
    }
}
