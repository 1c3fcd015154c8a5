using DeterministicInference.Engine.Model;
using DeterministicInference.Engine.Tests.Model;

namespace DeterministicInference.Engine.Tests.Forward;

/// <summary>The weights of a model folder in single precision, without the engine's packing.</summary>
internal sealed class ReferenceWeights
{
    private readonly WeightFile _file;
    private readonly Dictionary<string, float[][]> _matrices = [];
    private readonly Dictionary<string, float[]?> _vectors = [];

    public ReferenceWeights(string folder)
    {
        Config = ModelConfig.Read(folder);
        _file = WeightFile.Read(Path.Combine(folder, "model.safetensors"));
    }

    public ModelConfig Config { get; }

    public float[][] Embedding =>
        Matrix(
            Config.TiedEmbeddings && !Has("model.embed_tokens.weight") ? "lm_head.weight" : "model.embed_tokens.weight"
        );

    public float[][] Head => Config.TiedEmbeddings ? Embedding : Matrix("lm_head.weight");

    /// <summary>Rows of a matrix, [outputs][inputs].</summary>
    public float[][] Matrix(string name)
    {
        if (_matrices.TryGetValue(name, out float[][]? rows))
            return rows;
        StoredTensor tensor = _file[name];
        return _matrices[name] = [.. tensor.ToSingles().Chunk((int)tensor.Shape[1])];
    }

    /// <summary>A vector, or null where the file has none of that name.</summary>
    public float[]? Vector(string name)
    {
        if (!_vectors.TryGetValue(name, out float[]? values))
            _vectors[name] = values = Has(name) ? _file[name].ToSingles() : null;
        return values;
    }

    private bool Has(string name) => _file.Tensors.ContainsKey(name);
}
