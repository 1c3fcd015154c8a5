using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>The weights of one step in the form that the products want; shared by all workers.</summary>
internal sealed unsafe class PackedWeights : IDisposable
{
    private readonly PackedMatrix[] _matrices;

    public PackedWeights(ParameterLayout layout)
    {
        LlamaShape shape = layout.Shape;
        List<PackedMatrix> matrices = [new(layout.Embedding, shape.Vocabulary, shape.Hidden)];
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            matrices.Add(new(layout.QueryKeyValue(layer), shape.QueryWidth + 2 * shape.KeyValueWidth, shape.Hidden));
            matrices.Add(new(layout.AttentionOutput(layer), shape.Hidden, shape.QueryWidth));
            matrices.Add(new(layout.GateUp(layer), 2 * shape.Intermediate, shape.Hidden));
            matrices.Add(new(layout.Down(layer), shape.Hidden, shape.Intermediate));
        }
        _matrices = [.. matrices];
    }

    /// <summary>Number of matrices, which may be packed independently.</summary>
    public int Count => _matrices.Length;

    /// <summary>The unpacked parameters, for norms and the embedding lookup; set by <see cref="Pack"/>.</summary>
    public float* Flat { get; private set; }

    public PackedMatrix Embedding => _matrices[0];

    public PackedMatrix QueryKeyValue(int layer) => _matrices[1 + 4 * layer];

    public PackedMatrix AttentionOutput(int layer) => _matrices[2 + 4 * layer];

    public PackedMatrix GateUp(int layer) => _matrices[3 + 4 * layer];

    public PackedMatrix Down(int layer) => _matrices[4 + 4 * layer];

    /// <summary>Packs matrix <paramref name="index"/> from the flat parameters.</summary>
    public void Pack(int index, float* weights)
    {
        Flat = weights;
        _matrices[index].Pack(weights);
    }

    /// <summary>Packs all matrices on this thread.</summary>
    public void PackAll(float* weights)
    {
        for (int i = 0; i < Count; i++)
            Pack(i, weights);
    }

    public void Dispose()
    {
        foreach (PackedMatrix matrix in _matrices)
            matrix.Dispose();
    }
}
