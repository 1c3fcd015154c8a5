using System.Buffers.Binary;
using System.Text.Json;

namespace ModelTools.Tests.Export;

/// <summary>Reads a safetensors file by its published layout, for comparison with what the writer wrote.</summary>
internal sealed class SafetensorsFile
{
    private readonly byte[] _bytes;
    private readonly int _dataStart;
    private readonly JsonElement _header;

    public SafetensorsFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        int headerLength = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(_bytes));
        _dataStart = 8 + headerLength;
        using JsonDocument document = JsonDocument.Parse(_bytes.AsMemory(8, headerLength));
        _header = document.RootElement.Clone();
    }

    public int DataStart => _dataStart;

    public int DataLength => _bytes.Length - _dataStart;

    public IReadOnlyList<string> Names =>
        [.. _header.EnumerateObject().Select(entry => entry.Name).Where(name => name != "__metadata__")];

    public string Type(string name) => _header.GetProperty(name).GetProperty("dtype").GetString()!;

    public int[] Dimensions(string name) =>
        [.. _header.GetProperty(name).GetProperty("shape").EnumerateArray().Select(x => x.GetInt32())];

    public (int Begin, int End) Offsets(string name)
    {
        JsonElement offsets = _header.GetProperty(name).GetProperty("data_offsets");
        return (offsets[0].GetInt32(), offsets[1].GetInt32());
    }

    public float[] Values(string name)
    {
        (int begin, int end) = Offsets(name);
        ReadOnlySpan<byte> data = _bytes.AsSpan(_dataStart + begin, end - begin);
        string type = Type(name);
        int size = type == "F32" ? 4 : 2;
        float[] values = new float[data.Length / size];
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> element = data.Slice(i * size, size);
            values[i] = type switch
            {
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(element),
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(element),
                _ => BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(element) << 16),
            };
        }
        return values;
    }
}
