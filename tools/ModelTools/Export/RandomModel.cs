using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// Writes a complete Hugging Face folder with random weights of any Llama shape: for speed measurements and tests that
/// need a size and no sense. The same shape, seed and element type give the same files.
/// </summary>
internal static class RandomModel
{
    private const int PieceElements = 1 << 20;
    private const float EmbeddingDeviation = 0.02f;

    /// <summary>The named shapes.</summary>
    public static IReadOnlyDictionary<string, LlamaShape> Presets { get; } =
        new Dictionary<string, LlamaShape>
        {
            // The sizes of the llama2.c models stories15M and stories110M, which published speeds refer to.
            ["15m"] = new(288, 6, 6, 6, 48, 768, 32_000, 2048),
            ["110m"] = new(768, 12, 12, 12, 64, 2048, 32_000, 2048),
            // The sizes of Qwen2.5-0.5B, but for the vocabulary.
            ["500m"] = new(896, 24, 14, 2, 64, 4864, 151_936, 8192),
        };

    /// <summary>Writes the folder, which is created if need be.</summary>
    public static void Write(string folder, LlamaShape shape, TensorType type, ulong seed)
    {
        if (shape.Vocabulary < RandomVocabulary.Smallest)
        {
            throw new ArgumentException(
                $"The vocabulary needs at least {RandomVocabulary.Smallest} tokens.",
                nameof(shape)
            );
        }
        Directory.CreateDirectory(folder);
        TokenizerFiles.Write(folder, RandomVocabulary.Create(shape.Vocabulary), []);
        ModelConfiguration.Write(folder, shape, type);

        LlamaTensor[] tensors = [.. LlamaTensor.Enumerate(shape)];
        using SafetensorsWriter writer = new(
            Path.Combine(folder, TrainedModel.WeightsFile),
            [.. tensors.Select(tensor => (tensor.Name, type, tensor.Dimensions))]
        );
        int size = TensorEncoding.Size(type);
        using PieceWriter pieces = new(writer, PieceElements * size);
        for (int t = 0; t < tensors.Length; t++)
        {
            LlamaTensor tensor = tensors[t];
            SeededNormal normal = new(seed, t);
            float deviation = Deviation(tensor);
            for (long start = 0; start < tensor.Length; start += PieceElements)
            {
                long first = start;
                int count = (int)Math.Min(PieceElements, tensor.Length - start);
                pieces.Add(count * size, target => Fill(tensor.Role, normal, deviation, first, count, type, target));
            }
        }
        pieces.Complete();
        writer.Complete();
    }

    /// <summary>Such that activations keep their size and logits stay below a few units.</summary>
    private static float Deviation(LlamaTensor tensor) =>
        tensor.Role == LlamaTensorRole.Embedding ? EmbeddingDeviation : 1f / MathF.Sqrt(tensor.Columns);

    private static void Fill(
        LlamaTensorRole role,
        SeededNormal normal,
        float deviation,
        long first,
        int count,
        TensorType type,
        Span<byte> target
    )
    {
        const int Chunk = 1024;
        Span<float> values = stackalloc float[Chunk];
        int size = TensorEncoding.Size(type);
        for (int start = 0; start < count; start += Chunk)
        {
            Span<float> chunk = values[..Math.Min(Chunk, count - start)];
            for (int i = 0; i < chunk.Length; i++)
            {
                chunk[i] = role == LlamaTensorRole.Norm ? 1f : deviation * normal.At(first + start + i);
            }
            TensorEncoding.Encode(chunk, type, target.Slice(start * size, chunk.Length * size));
        }
    }
}
