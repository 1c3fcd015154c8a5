using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;

namespace DeterministicInference.ModelTools.Export;

/// <summary>
/// Writes a safetensors file (https://github.com/huggingface/safetensors): the header's length in 8 bytes, a JSON
/// header padded with spaces to a multiple of 8, then the tensors without gaps. All tensors are declared first; their
/// bytes follow in the same order and in pieces of any size, so that no file has to fit into memory.
/// </summary>
internal sealed class SafetensorsWriter : IDisposable
{
    private const int Alignment = 8;
    private readonly FileStream _file;
    private readonly long _end;

    /// <summary>Creates the file and writes its header.</summary>
    /// <param name="path">The file.</param>
    /// <param name="tensors">Names, element types and dimensions, in the order in which the bytes will come.</param>
    public SafetensorsWriter(string path, IReadOnlyList<(string Name, TensorType Type, int[] Dimensions)> tensors)
    {
        ArrayBufferWriter<byte> header = new();
        long offset = 0;
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            // transformers refuses files that do not name a format.
            json.WriteString("format", "pt");
            json.WriteEndObject();
            foreach ((string name, TensorType type, int[] dimensions) in tensors)
            {
                long bytes = TensorEncoding.Size(type);
                foreach (int dimension in dimensions)
                    bytes = checked(bytes * dimension);
                json.WriteStartObject(name);
                json.WriteString("dtype", type.ToString());
                json.WriteStartArray("shape");
                foreach (int dimension in dimensions)
                    json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        int padding = -header.WrittenCount & (Alignment - 1);
        header.GetSpan(padding)[..padding].Fill((byte)' ');
        header.Advance(padding);

        _file = new FileStream(path, FileMode.Create, FileAccess.Write);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.WrittenCount);
        _file.Write(length);
        _file.Write(header.WrittenSpan);
        _end = _file.Position + offset;
    }

    /// <summary>Appends the next encoded bytes (<see cref="TensorEncoding"/>).</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_file.Position + bytes.Length > _end)
            throw new InvalidOperationException("More bytes than the tensors declare.");
        _file.Write(bytes);
    }

    /// <summary>Completes the file.</summary>
    /// <exception cref="InvalidOperationException">Declared bytes are missing.</exception>
    public void Complete()
    {
        if (_file.Position != _end)
            throw new InvalidOperationException($"{_end - _file.Position} declared bytes are missing.");
        _file.Flush();
    }

    public void Dispose() => _file.Dispose();
}
