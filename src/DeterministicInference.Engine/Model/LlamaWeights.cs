using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Engine.Model;

/// <summary>The weights of one transformer block; projections that share an input are one matrix.</summary>
/// <param name="AttentionNorm">RMSNorm gain, padded.</param>
/// <param name="QueryKeyValue">[(heads + 2·kvHeads)·headDim, hidden].</param>
/// <param name="Output">[hidden, heads·headDim].</param>
/// <param name="FeedForwardNorm">RMSNorm gain, padded.</param>
/// <param name="GateUp">[2·intermediate, hidden]: gate rows, then up rows.</param>
/// <param name="Down">[hidden, intermediate].</param>
internal sealed record LlamaLayer(
    AlignedBuffer AttentionNorm,
    WeightMatrix QueryKeyValue,
    WeightMatrix Output,
    AlignedBuffer FeedForwardNorm,
    WeightMatrix GateUp,
    WeightMatrix Down
);

/// <summary>All weights of a Llama-architecture model, read from a Hugging Face folder.</summary>
internal sealed class LlamaWeights : IDisposable
{
    private const string InputName = "model.embed_tokens.weight",
        HeadName = "lm_head.weight",
        FinalNormName = "model.norm.weight";

    private LlamaWeights(
        WeightMatrix embedding,
        IReadOnlyList<LlamaLayer> layers,
        AlignedBuffer finalNorm,
        WeightMatrix head
    )
    {
        Embedding = embedding;
        Layers = layers;
        FinalNorm = finalNorm;
        Head = head;
    }

    /// <summary>[vocabulary, hidden].</summary>
    public WeightMatrix Embedding { get; }

    public IReadOnlyList<LlamaLayer> Layers { get; }

    /// <summary>RMSNorm gain, padded.</summary>
    public AlignedBuffer FinalNorm { get; }

    /// <summary>[vocabulary, hidden]; the same object as <see cref="Embedding"/> where they are tied.</summary>
    public WeightMatrix Head { get; }

    /// <exception cref="ModelLoadException">A tensor is missing, has another shape, or can't be read.</exception>
    public static LlamaWeights Load(string folder, ModelConfig config)
    {
        using TensorStore store = TensorStore.Open(folder);
        Require(store, config);
        WeightMatrix embedding = Matrix(
            store,
            config.HiddenSize,
            (EmbeddingOf(store, config), config.VocabularySize, false)
        );
        var layers = new LlamaLayer[config.Layers];
        for (int i = 0; i < layers.Length; i++)
            layers[i] = LoadLayer(store, config, Layer(i));
        return new LlamaWeights(
            embedding,
            layers,
            Vector(store, FinalNormName, config.HiddenSize),
            config.TiedEmbeddings
                ? embedding
                : Matrix(store, config.HiddenSize, (HeadName, config.VocabularySize, false))
        );
    }

    /// <summary>Checks the tensors by what their files say of them; reads no weights.</summary>
    /// <exception cref="ModelLoadException">A tensor is missing, or has another shape.</exception>
    public static void Check(string folder, ModelConfig config)
    {
        using TensorStore store = TensorStore.Open(folder);
        Require(store, config);
    }

    public void Dispose()
    {
        Embedding.Dispose();
        FinalNorm.Dispose();
        if (Head != Embedding)
            Head.Dispose();
        foreach (LlamaLayer layer in Layers)
        {
            layer.AttentionNorm.Dispose();
            layer.QueryKeyValue.Dispose();
            layer.Output.Dispose();
            layer.FeedForwardNorm.Dispose();
            layer.GateUp.Dispose();
            layer.Down.Dispose();
        }
    }

    private static string Layer(int number) => $"model.layers.{number}.";

    /// <summary>Files of tied models may hold the matrix under either name.</summary>
    private static string EmbeddingOf(TensorStore store, ModelConfig config) =>
        config.TiedEmbeddings && !store.Contains(InputName) ? HeadName : InputName;

    /// <summary>
    /// Requires every tensor before memory is taken for one: config.json may claim any number of layers of any size.
    /// </summary>
    private static void Require(TensorStore store, ModelConfig config)
    {
        int queryRows = config.Heads * config.HeadDimension,
            keyRows = config.KeyValueHeads * config.HeadDimension;
        store.Require(EmbeddingOf(store, config), config.VocabularySize, config.HiddenSize);
        for (int i = 0; i < config.Layers; i++)
        {
            string attention = Layer(i) + "self_attn.",
                feedForward = Layer(i) + "mlp.";
            store.Require(Layer(i) + "input_layernorm.weight", config.HiddenSize);
            RequireLinear(attention + "q_proj.", queryRows, config.HiddenSize, config.AttentionBias);
            RequireLinear(attention + "k_proj.", keyRows, config.HiddenSize, config.AttentionBias);
            RequireLinear(attention + "v_proj.", keyRows, config.HiddenSize, config.AttentionBias);
            RequireLinear(attention + "o_proj.", config.HiddenSize, queryRows, config.AttentionBias);
            store.Require(Layer(i) + "post_attention_layernorm.weight", config.HiddenSize);
            RequireLinear(
                feedForward + "gate_proj.",
                config.IntermediateSize,
                config.HiddenSize,
                config.FeedForwardBias
            );
            RequireLinear(feedForward + "up_proj.", config.IntermediateSize, config.HiddenSize, config.FeedForwardBias);
            RequireLinear(
                feedForward + "down_proj.",
                config.HiddenSize,
                config.IntermediateSize,
                config.FeedForwardBias
            );
        }
        store.Require(FinalNormName, config.HiddenSize);
        if (!config.TiedEmbeddings)
            store.Require(HeadName, config.VocabularySize, config.HiddenSize);

        void RequireLinear(string prefix, int rows, int columns, bool hasBias)
        {
            store.Require(prefix + "weight", rows, columns);
            if (hasBias)
                store.Require(prefix + "bias", rows);
        }
    }

    private static LlamaLayer LoadLayer(TensorStore store, ModelConfig config, string prefix)
    {
        int queryRows = config.Heads * config.HeadDimension,
            keyRows = config.KeyValueHeads * config.HeadDimension;
        bool attentionBias = config.AttentionBias,
            feedForwardBias = config.FeedForwardBias;
        string attention = prefix + "self_attn.",
            feedForward = prefix + "mlp.";
        return new LlamaLayer(
            Vector(store, prefix + "input_layernorm.weight", config.HiddenSize),
            Matrix(
                store,
                config.HiddenSize,
                (attention + "q_proj.weight", queryRows, attentionBias),
                (attention + "k_proj.weight", keyRows, attentionBias),
                (attention + "v_proj.weight", keyRows, attentionBias)
            ),
            Matrix(store, queryRows, (attention + "o_proj.weight", config.HiddenSize, attentionBias)),
            Vector(store, prefix + "post_attention_layernorm.weight", config.HiddenSize),
            Matrix(
                store,
                config.HiddenSize,
                (feedForward + "gate_proj.weight", config.IntermediateSize, feedForwardBias),
                (feedForward + "up_proj.weight", config.IntermediateSize, feedForwardBias)
            ),
            Matrix(
                store,
                config.IntermediateSize,
                (feedForward + "down_proj.weight", config.HiddenSize, feedForwardBias)
            )
        );
    }

    private static unsafe AlignedBuffer Vector(TensorStore store, string name, int length)
    {
        AlignedBuffer buffer = AlignedBuffer.OfSingles(Instructions.Padded(length));
        store.ReadVector(name, length, new Span<float>(buffer.Singles, length));
        return buffer;
    }

    private static WeightMatrix Matrix(
        TensorStore store,
        int columns,
        params ReadOnlySpan<(string Name, int Rows, bool HasBias)> parts
    )
    {
        int rows = 0;
        bool isBFloat16 = true,
            hasBias = false;
        foreach ((string name, int partRows, bool partBias) in parts)
        {
            rows += partRows;
            hasBias |= partBias;
            isBFloat16 &= store.IsBFloat16(name);
        }
        float[]? bias = hasBias ? new float[rows] : null;
        var matrix = new WeightMatrix(rows, columns, isBFloat16) { Bias = bias };
        int first = 0;
        foreach ((string name, int partRows, _) in parts)
        {
            store.ReadMatrix(name, partRows, columns, matrix, first);
            if (bias is not null)
                store.ReadVector(name[..^"weight".Length] + "bias", partRows, bias.AsSpan(first, partRows));
            first += partRows;
        }
        return matrix;
    }
}
