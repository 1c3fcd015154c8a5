namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>Attention of one query over its positions, in plain code.</summary>
internal static class PlainAttention
{
    /// <summary>softmax(query·key / √width) · value.</summary>
    public static float[] Head(
        SummationOrder order,
        float[] query,
        IReadOnlyList<float[]> keys,
        IReadOnlyList<float[]> values
    )
    {
        float scale = 1f / MathF.Sqrt(query.Length);
        float[] scores = [.. keys.Select(key => order.Dot(query, key) * scale)];
        float maximum = scores.Max();
        float[] weights = [.. scores.Select(score => PlainMath.Exp(score - maximum))];
        float sum = order.Sum(weights);
        var output = new float[query.Length];
        var column = new float[weights.Length];
        for (int i = 0; i < output.Length; i++)
        {
            for (int j = 0; j < column.Length; j++)
                column[j] = values[j][i];
            output[i] = order.WeightedSum(weights, column) / sum;
        }
        return output;
    }
}
