using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Where each tensor lies in the flat arrays of weights, gradients and moments. Query, key and value projections follow
/// each other, as do gate and up, so that each group is one matrix for the products.
/// </summary>
internal sealed class ParameterLayout
{
    private const int TensorsPerLayer = 9;

    /// <summary>Lays out a shape.</summary>
    /// <exception cref="ArgumentException">The trainer's tiles do not fit the shape.</exception>
    public ParameterLayout(LlamaShape shape)
    {
        Shape = shape;
        int[] widths = [shape.Hidden, shape.HeadDim, shape.Intermediate, shape.Vocabulary];
        if (widths.Any(width => width <= 0 || width % MatrixPacking.PanelWidth != 0))
        {
            throw new ArgumentException(
                "Hidden, head, intermediate and vocabulary sizes must be multiples of 32.",
                nameof(shape)
            );
        }
        if (!shape.TiedEmbeddings)
            throw new ArgumentException("The trainer ties the embeddings.", nameof(shape));
        if (shape.Heads % shape.KeyValueHeads != 0)
            throw new ArgumentException("Key/value heads must divide heads.", nameof(shape));

        List<ParameterTensor> tensors = [];
        int offset = 0;
        foreach (LlamaTensor tensor in LlamaTensor.Enumerate(shape))
        {
            tensors.Add(new(tensor, offset));
            offset = checked(offset + (int)tensor.Length);
        }
        Tensors = tensors;
        Length = offset;
    }

    public LlamaShape Shape { get; }

    public IReadOnlyList<ParameterTensor> Tensors { get; }

    /// <summary>Number of parameters.</summary>
    public int Length { get; }

    public int Embedding => Tensors[0].Offset;

    public int FinalNorm => Tensors[^1].Offset;

    public int AttentionNorm(int layer) => Of(layer, 0);

    /// <summary>Query, key and value projections: [QueryWidth + 2·KeyValueWidth, Hidden].</summary>
    public int QueryKeyValue(int layer) => Of(layer, 1);

    public int AttentionOutput(int layer) => Of(layer, 4);

    public int FeedForwardNorm(int layer) => Of(layer, 5);

    /// <summary>Gate and up projections: [2·Intermediate, Hidden].</summary>
    public int GateUp(int layer) => Of(layer, 6);

    public int Down(int layer) => Of(layer, 8);

    private int Of(int layer, int index) => Tensors[1 + layer * TensorsPerLayer + index].Offset;
}
