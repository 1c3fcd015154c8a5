namespace DeterministicInference.ModelTools.Model;

/// <summary>A weight tensor of a Llama model under its Hugging Face name.</summary>
/// <param name="Name">For example <c>model.layers.0.self_attn.q_proj.weight</c>.</param>
/// <param name="Role">What it does.</param>
/// <param name="Rows">Outputs of a matrix, row-major [outputs, inputs]; 1 for a norm.</param>
/// <param name="Columns">Inputs of a matrix; the width of a norm.</param>
internal sealed record LlamaTensor(string Name, LlamaTensorRole Role, int Rows, int Columns)
{
    public long Length => (long)Rows * Columns;

    /// <summary>The dimensions in files: a norm has one, everything else two.</summary>
    public int[] Dimensions => Role == LlamaTensorRole.Norm ? [Columns] : [Rows, Columns];

    /// <summary>All tensors of a model, in the order in which memory and files hold them.</summary>
    public static IEnumerable<LlamaTensor> Enumerate(LlamaShape shape)
    {
        yield return new("model.embed_tokens.weight", LlamaTensorRole.Embedding, shape.Vocabulary, shape.Hidden);
        for (int i = 0; i < shape.Layers; i++)
        {
            string layer = $"model.layers.{i}.";
            yield return new(layer + "input_layernorm.weight", LlamaTensorRole.Norm, 1, shape.Hidden);
            yield return new(
                layer + "self_attn.q_proj.weight",
                LlamaTensorRole.Projection,
                shape.QueryWidth,
                shape.Hidden
            );
            yield return new(
                layer + "self_attn.k_proj.weight",
                LlamaTensorRole.Projection,
                shape.KeyValueWidth,
                shape.Hidden
            );
            yield return new(
                layer + "self_attn.v_proj.weight",
                LlamaTensorRole.Projection,
                shape.KeyValueWidth,
                shape.Hidden
            );
            yield return new(
                layer + "self_attn.o_proj.weight",
                LlamaTensorRole.OutputProjection,
                shape.Hidden,
                shape.QueryWidth
            );
            yield return new(layer + "post_attention_layernorm.weight", LlamaTensorRole.Norm, 1, shape.Hidden);
            yield return new(
                layer + "mlp.gate_proj.weight",
                LlamaTensorRole.Projection,
                shape.Intermediate,
                shape.Hidden
            );
            yield return new(
                layer + "mlp.up_proj.weight",
                LlamaTensorRole.Projection,
                shape.Intermediate,
                shape.Hidden
            );
            yield return new(
                layer + "mlp.down_proj.weight",
                LlamaTensorRole.OutputProjection,
                shape.Hidden,
                shape.Intermediate
            );
        }
        yield return new("model.norm.weight", LlamaTensorRole.Norm, 1, shape.Hidden);
        if (!shape.TiedEmbeddings)
        {
            yield return new("lm_head.weight", LlamaTensorRole.Projection, shape.Vocabulary, shape.Hidden);
        }
    }
}
