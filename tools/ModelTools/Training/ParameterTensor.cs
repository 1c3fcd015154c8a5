using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>A tensor's place in the flat parameter array.</summary>
/// <param name="Tensor">The tensor.</param>
/// <param name="Offset">Index of its first element.</param>
internal readonly record struct ParameterTensor(LlamaTensor Tensor, int Offset)
{
    public int Length => (int)Tensor.Length;
}
