using DeterministicInference.ModelTools.Model;
using DeterministicInference.ModelTools.Training;

namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// Writes trained weights as a Hugging Face folder. The tokenizer's files are written apart
/// (<see cref="TokenizerFiles"/>).
/// </summary>
internal static class TrainedModel
{
    public const string WeightsFile = "model.safetensors";

    /// <summary>Writes weights and configuration into an existing folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="result">The run whose weights to write.</param>
    /// <param name="type">The element type; rounding happens here and only here.</param>
    public static void Write(string folder, TrainingResult result, TensorType type = TensorType.BF16)
    {
        LlamaShape shape = result.Layout.Shape;
        ModelConfiguration.Write(folder, shape, type);
        using SafetensorsWriter writer = new(
            Path.Combine(folder, WeightsFile),
            [.. result.Layout.Tensors.Select(tensor => (tensor.Tensor.Name, type, tensor.Tensor.Dimensions))]
        );
        foreach (ParameterTensor tensor in result.Layout.Tensors)
        {
            byte[] bytes = new byte[tensor.Length * TensorEncoding.Size(type)];
            TensorEncoding.Encode(result.Weights.AsSpan(tensor.Offset, tensor.Length), type, bytes);
            writer.Write(bytes);
        }
        writer.Complete();
    }
}
