using System.Buffers.Binary;
using System.Text;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Writes small GGUF files (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).</summary>
internal sealed class GgufBytes
{
    private const uint TextType = 8;

    private readonly List<byte> _bytes = [.. "GGUF"u8];

    /// <summary>The file so far.</summary>
    public byte[] ToArray() => [.. _bytes];

    /// <summary>A whole file without tensors. All its bytes are ASCII.</summary>
    public static string Text(string name = "tiny") =>
        Encoding.ASCII.GetString(Header(version: 3, tensors: 0, entries: 1).Entry("general.name", name).ToArray());

    public static GgufBytes Header(uint version, ulong tensors, ulong entries) =>
        new GgufBytes().UInt32(version).UInt64(tensors).UInt64(entries);

    public GgufBytes Entry(string name, string value) => String(name).UInt32(TextType).String(value);

    /// <summary>A tensor of 32-bit numbers.</summary>
    public GgufBytes Tensor(string name, ulong offset, params ulong[] sizes)
    {
        String(name).UInt32((uint)sizes.Length);
        foreach (ulong size in sizes)
            UInt64(size);
        return UInt32(0).UInt64(offset);
    }

    /// <summary>Zeros up to a multiple of the alignment, and then some.</summary>
    public GgufBytes Data(int count)
    {
        _bytes.AddRange(new byte[((_bytes.Count + 31) / 32 * 32) - _bytes.Count + count]);
        return this;
    }

    public GgufBytes UInt32(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public GgufBytes UInt64(ulong value)
    {
        var bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public GgufBytes String(string value)
    {
        UInt64((ulong)value.Length);
        _bytes.AddRange(Encoding.ASCII.GetBytes(value));
        return this;
    }
}
