using System.Runtime.InteropServices;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>A tensor as a safetensors file holds it.</summary>
/// <param name="Type">"F32", "F16", "BF16", or what a test makes of it.</param>
/// <param name="Shape">Extents, outermost first.</param>
/// <param name="Data">Little-endian elements.</param>
internal sealed record StoredTensor(string Type, long[] Shape, byte[] Data)
{
    public static StoredTensor OfSingles(long[] shape, ReadOnlySpan<float> values) =>
        new("F32", shape, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>The elements in single precision, which holds all of them exactly.</summary>
    public float[] ToSingles() =>
        Type switch
        {
            "F32" => MemoryMarshal.Cast<byte, float>(Data).ToArray(),
            "BF16" =>
            [
                .. MemoryMarshal
                    .Cast<byte, ushort>(Data)
                    .ToArray()
                    .Select(bits => BitConverter.UInt32BitsToSingle((uint)bits << 16)),
            ],
            "F16" => [.. MemoryMarshal.Cast<byte, Half>(Data).ToArray().Select(value => (float)value)],
            _ => throw new NotSupportedException(Type),
        };
}
