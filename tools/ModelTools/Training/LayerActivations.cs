using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>What the forward pass of one decoder layer keeps for the backward pass.</summary>
internal sealed class LayerActivations : IDisposable
{
    public LayerActivations(LlamaShape shape, int rows, int attentionWeights)
    {
        Input = new(rows, shape.Hidden);
        InputFactors = new float[rows];
        Normed = new(rows, shape.Hidden);
        QueryKeyValue = new(rows, shape.QueryWidth + 2 * shape.KeyValueWidth);
        AttentionWeights = new(attentionWeights);
        Attention = new(rows, shape.QueryWidth);
        Middle = new(rows, shape.Hidden);
        MiddleFactors = new float[rows];
        MiddleNormed = new(rows, shape.Hidden);
        GateUp = new(rows, 2 * shape.Intermediate);
        Activated = new(rows, shape.Intermediate);
    }

    /// <summary>The residual stream before the layer.</summary>
    public RowMatrix Input { get; }

    /// <summary>1/RMS of each row of <see cref="Input"/>.</summary>
    public float[] InputFactors { get; }

    public RowMatrix Normed { get; }

    /// <summary>Rotated queries and keys, and values.</summary>
    public RowMatrix QueryKeyValue { get; }

    /// <summary>Softmax of the scores, document after document, head after head.</summary>
    public NativeBuffer AttentionWeights { get; }

    /// <summary>Outputs of the heads.</summary>
    public RowMatrix Attention { get; }

    /// <summary>The residual stream between attention and the SwiGLU block.</summary>
    public RowMatrix Middle { get; }

    /// <summary>1/RMS of each row of <see cref="Middle"/>.</summary>
    public float[] MiddleFactors { get; }

    public RowMatrix MiddleNormed { get; }

    public RowMatrix GateUp { get; }

    public RowMatrix Activated { get; }

    public void Dispose()
    {
        RowMatrix[] matrices = [Input, Normed, QueryKeyValue, Attention, Middle, MiddleNormed, GateUp, Activated];
        foreach (RowMatrix matrix in matrices)
            matrix.Dispose();
        AttentionWeights.Dispose();
    }
}
