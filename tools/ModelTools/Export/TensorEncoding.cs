using System.Runtime.InteropServices;

namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// Single precision to the bytes of a <see cref="TensorType"/>, rounded to nearest, ties to even; little-endian.
/// </summary>
internal static class TensorEncoding
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(TensorType type) => type == TensorType.F32 ? 4 : 2;

    /// <summary>The name in <c>torch_dtype</c>.</summary>
    public static string TorchName(TensorType type) =>
        type switch
        {
            TensorType.BF16 => "bfloat16",
            TensorType.F16 => "float16",
            _ => "float32",
        };

    /// <summary>Encodes values into as many elements.</summary>
    public static void Encode(ReadOnlySpan<float> values, TensorType type, Span<byte> target)
    {
        switch (type)
        {
            case TensorType.F32:
                MemoryMarshal.AsBytes(values).CopyTo(target);
                break;
            case TensorType.BF16:
                Span<ushort> brain = MemoryMarshal.Cast<byte, ushort>(target);
                for (int i = 0; i < values.Length; i++)
                    brain[i] = ToBFloat16(values[i]);
                break;
            default:
                Span<Half> halves = MemoryMarshal.Cast<byte, Half>(target);
                for (int i = 0; i < values.Length; i++)
                    halves[i] = (Half)values[i];
                break;
        }
    }

    /// <summary>
    /// The upper half of the single-precision bits, rounded to nearest, ties to even; a NaN stays a NaN.
    /// </summary>
    public static ushort ToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
            return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
