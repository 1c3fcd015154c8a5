namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>The canonical order of products, each rounded before it is added.</summary>
internal sealed class RoundedProductDot : SummationOrder
{
    public override float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var products = new float[a.Length];
        for (int k = 0; k < a.Length; k++)
            products[k] = a[k] * b[k];
        return Sum(products);
    }
}
