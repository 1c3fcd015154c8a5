using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// A fixed piece of the parameters: the unit in which squares are summed for clipping and in which updates are shared
/// out. It never crosses a tensor's end.
/// </summary>
/// <param name="Offset">First parameter.</param>
/// <param name="Length">Number of parameters.</param>
/// <param name="Decays">Whether weight decay applies.</param>
internal readonly record struct ParameterBlock(int Offset, int Length, bool Decays)
{
    private const int MaxLength = 4096;

    public static ParameterBlock[] Divide(ParameterLayout layout)
    {
        List<ParameterBlock> blocks = [];
        foreach (ParameterTensor tensor in layout.Tensors)
        {
            bool decays = tensor.Tensor.Role != LlamaTensorRole.Norm;
            for (int start = 0; start < tensor.Length; start += MaxLength)
            {
                blocks.Add(new(tensor.Offset + start, Math.Min(MaxLength, tensor.Length - start), decays));
            }
        }
        return [.. blocks];
    }
}
