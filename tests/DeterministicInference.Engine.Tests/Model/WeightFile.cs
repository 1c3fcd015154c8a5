using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>
/// A safetensors file in memory, read and written by its published layout
/// (https://github.com/huggingface/safetensors), so that a test can change it, rightly or wrongly.
/// </summary>
internal sealed class WeightFile
{
    public OrderedDictionary<string, StoredTensor> Tensors { get; } = [];

    public StoredTensor this[string name]
    {
        get => Tensors[name];
        set => Tensors[name] = value;
    }

    public static WeightFile Read(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int dataStart = 8 + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        var file = new WeightFile();
        using JsonDocument header = JsonDocument.Parse(bytes.AsMemory(8, dataStart - 8));
        foreach (JsonProperty tensor in header.RootElement.EnumerateObject())
        {
            if (tensor.Name == "__metadata__")
                continue;
            JsonElement offsets = tensor.Value.GetProperty("data_offsets");
            file[tensor.Name] = new StoredTensor(
                tensor.Value.GetProperty("dtype").GetString()!,
                [.. tensor.Value.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())],
                bytes[(dataStart + offsets[0].GetInt32())..(dataStart + offsets[1].GetInt32())]
            );
        }
        return file;
    }

    public void Write(string path)
    {
        using var data = new MemoryStream();
        foreach (StoredTensor tensor in Tensors.Values)
            data.Write(tensor.Data);
        Write(path, Header().ToJsonString(), data.ToArray());
    }

    /// <summary>The header that belongs to the tensors.</summary>
    public JsonObject Header()
    {
        var header = new JsonObject();
        long offset = 0;
        foreach ((string name, StoredTensor tensor) in Tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = tensor.Type,
                ["shape"] = new JsonArray([.. tensor.Shape.Select(extent => JsonValue.Create(extent))]),
                ["data_offsets"] = new JsonArray(offset, offset += tensor.Data.Length),
            };
        }
        return header;
    }

    /// <summary>Writes any header in front of any data.</summary>
    public static void Write(string path, string header, byte[] data)
    {
        byte[] text = Encoding.UTF8.GetBytes(header),
            length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        File.WriteAllBytes(path, [.. length, .. text, .. data]);
    }
}
