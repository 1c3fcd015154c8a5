namespace DeterministicInference.ModelTools.Export;

/// <summary>Element types of the weights in a safetensors file.</summary>
internal enum TensorType
{
    F32,
    BF16,
    F16,
}
