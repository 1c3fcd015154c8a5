using System.Text.Json.Nodes;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.ModelTools.Export;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>A model folder with random weights that a test may change; deleted with the object.</summary>
internal sealed class TemporaryModel : IDisposable
{
    /// <summary>A few thousand multiply-adds per token.</summary>
    public static readonly LlamaShape Tiny = new(
        Hidden: 32,
        Layers: 2,
        Heads: 4,
        KeyValueHeads: 2,
        HeadDim: 8,
        Intermediate: 40,
        Vocabulary: 272,
        MaxPositions: 512
    );

    public TemporaryModel(LlamaShape? shape = null, TensorType type = TensorType.F32, ulong seed = 1)
    {
        Folder = Directory.CreateTempSubdirectory("engine-tests-").FullName;
        RandomModel.Write(Folder, shape ?? Tiny, type, seed);
    }

    public string Folder { get; }

    public string WeightsPath => PathOf("model.safetensors");

    public static SchedulerLimits Limits { get; } =
        new(Threads: 1, MaxSequences: 16, PrefillChunk: 32, CacheBytes: 64 << 20);

    public string PathOf(string name) => Path.Combine(Folder, name);

    public EmbeddedEngine Load(SchedulerLimits? limits = null) => EmbeddedEngine.Load(Folder, limits ?? Limits);

    /// <summary>Rewrites a JSON file of the folder.</summary>
    public TemporaryModel Edit(string name, Action<JsonObject> change)
    {
        JsonObject root = JsonNode.Parse(File.ReadAllBytes(PathOf(name)))!.AsObject();
        change(root);
        File.WriteAllText(PathOf(name), root.ToJsonString());
        return this;
    }

    /// <summary>Rewrites the weights.</summary>
    public TemporaryModel EditWeights(Action<WeightFile> change)
    {
        WeightFile weights = WeightFile.Read(WeightsPath);
        change(weights);
        weights.Write(WeightsPath);
        return this;
    }

    /// <summary>Gives the norms gains that are not all one, and optionally every projection a bias.</summary>
    public TemporaryModel WithVariedGains(bool biases = false)
    {
        EditWeights(weights =>
        {
            ulong stream = 700;
            foreach ((string name, StoredTensor tensor) in weights.Tensors.ToArray())
            {
                long rows = tensor.Shape[0];
                if (tensor.Shape.Length == 1)
                {
                    weights[name] = StoredTensor.OfSingles(
                        [rows],
                        [.. SeededValues.Singles((int)rows, stream++).Select(value => 1 + value / 4)]
                    );
                }
                else if (biases && name.Contains("_proj.", StringComparison.Ordinal))
                {
                    weights[name.Replace(".weight", ".bias", StringComparison.Ordinal)] = StoredTensor.OfSingles(
                        [rows],
                        SeededValues.Singles((int)rows, stream++)
                    );
                }
            }
        });
        return biases
            ? Edit("config.json", config => (config["attention_bias"], config["mlp_bias"]) = (true, true))
            : this;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
