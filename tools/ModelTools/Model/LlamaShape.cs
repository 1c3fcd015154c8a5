namespace DeterministicInference.ModelTools.Model;

/// <summary>
/// The sizes of a Llama decoder: RMSNorm, rotary positions (half-split, as Hugging Face's <c>rotate_half</c>), grouped
/// query attention and a SwiGLU block.
/// </summary>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Layers">Number of decoder layers.</param>
/// <param name="Heads">Query heads per layer.</param>
/// <param name="KeyValueHeads">Key/value heads per layer; a divisor of <paramref name="Heads"/>.</param>
/// <param name="HeadDim">Width of a head.</param>
/// <param name="Intermediate">Width of the SwiGLU block.</param>
/// <param name="Vocabulary">Number of token ids.</param>
/// <param name="MaxPositions">The context length that the model's files state.</param>
internal sealed record LlamaShape(
    int Hidden,
    int Layers,
    int Heads,
    int KeyValueHeads,
    int HeadDim,
    int Intermediate,
    int Vocabulary,
    int MaxPositions
)
{
    /// <summary>Base of the rotary frequencies.</summary>
    public double RopeTheta { get; init; } = 10_000;

    /// <summary>Added to the mean square in RMSNorm.</summary>
    public double RmsEpsilon { get; init; } = 1e-5;

    /// <summary>Whether the output head is the embedding table.</summary>
    public bool TiedEmbeddings { get; init; } = true;

    /// <summary>The bundled chat model: 918,656 parameters.</summary>
    public static LlamaShape Bundled { get; } =
        new(
            Hidden: 128,
            Layers: 4,
            Heads: 4,
            KeyValueHeads: 2,
            HeadDim: 32,
            Intermediate: 384,
            Vocabulary: 1024,
            MaxPositions: 8192
        );

    /// <summary>Outputs of the query projection.</summary>
    public int QueryWidth => Heads * HeadDim;

    /// <summary>Outputs of the key projection, and of the value projection.</summary>
    public int KeyValueWidth => KeyValueHeads * HeadDim;

    public long ParameterCount => LlamaTensor.Enumerate(this).Sum(tensor => tensor.Length);
}
