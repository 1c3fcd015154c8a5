using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Engine.Model;

/// <summary>
/// All tensors of a model folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c>
/// lists.
/// </summary>
internal sealed class TensorStore : IDisposable
{
    private readonly Dictionary<string, TensorEntry> _entries = [];
    private readonly List<TensorFile> _files = [];
    private readonly string _folder;

    private TensorStore(string folder) => _folder = folder;

    /// <exception cref="ModelLoadException">No weights, or a file that can't be used.</exception>
    public static TensorStore Open(string folder)
    {
        var store = new TensorStore(folder);
        try
        {
            foreach (string path in WeightFiles(folder))
                store._files.Add(TensorFile.Open(path, store._entries));
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Checks that a tensor is there and has the shape, before memory is taken for it.</summary>
    public void Require(string name, params ReadOnlySpan<long> shape) => Find(name, shape);

    /// <summary>Reads a vector as single precision.</summary>
    /// <param name="name">Tensor name.</param>
    /// <param name="length">Its expected extent.</param>
    /// <param name="target">At least <paramref name="length"/> values.</param>
    public void ReadVector(string name, int length, Span<float> target)
    {
        TensorEntry entry = Find(name, length);
        ReadAsSingle(entry, 0, target[..length]);
    }

    /// <summary>
    /// Copies a matrix into rows <paramref name="firstRow"/>… of <paramref name="target"/>, widening where the target
    /// is single precision; both widenings are exact.
    /// </summary>
    public void ReadMatrix(string name, int rows, int columns, WeightMatrix target, int firstRow)
    {
        TensorEntry entry = Find(name, rows, columns);
        long rowBytes = (long)columns * entry.ElementSize;
        if (!target.IsBFloat16)
        {
            for (int r = 0; r < rows; r++)
                ReadAsSingle(entry, r * (long)columns, target.SingleRow(firstRow + r)[..columns]);
            return;
        }
        for (int r = 0; r < rows; r++)
        {
            Span<ushort> row = target.BFloat16Row(firstRow + r)[..columns];
            entry.File.Read(MemoryMarshal.AsBytes(row), entry.Offset + r * rowBytes);
        }
    }

    /// <summary>Whether the tensor is stored as bfloat16, so that it may be kept so in memory.</summary>
    public bool IsBFloat16(string name) =>
        _entries.TryGetValue(name, out TensorEntry? entry) && entry.Type == TensorType.BF16;

    public void Dispose()
    {
        foreach (TensorFile file in _files)
            file.Dispose();
    }

    private static bool IsPickle(string file) => Path.GetExtension(file) is ".bin" or ".pt" or ".pth" or ".ckpt";

    private static IEnumerable<string> WeightFiles(string folder)
    {
        string single = Path.Combine(folder, "model.safetensors");
        string index = Path.Combine(folder, "model.safetensors.index.json");
        if (File.Exists(single))
            return [single];
        if (!File.Exists(index))
        {
            throw new ModelLoadException(
                $"{folder}: no model.safetensors and no model.safetensors.index.json. "
                    + (
                        Directory.EnumerateFiles(folder).Any(IsPickle)
                            ? "Convert the weights to safetensors (pickle files are not read)."
                            : "Download the weights too (*.safetensors)."
                    )
            );
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(ModelFile.ReadAllBytes(index));
            return
            [
                .. document
                    .RootElement.GetProperty("weight_map")
                    .EnumerateObject()
                    .Select(entry => FileName(entry.Value.GetString()))
                    .Distinct()
                    .Order(StringComparer.Ordinal)
                    .Select(name => Path.Combine(folder, name)),
            ];
        }
        catch (Exception e)
            when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new ModelLoadException(
                $"{index}: not a valid shard index ({e.Message.ReplaceLineEndings(" ")}). Download the file again.",
                e
            );
        }
    }

    /// <summary>The name alone: an index must not lead out of its folder.</summary>
    private static string FileName(string? name) =>
        Path.GetFileName(name) is { Length: > 0 } file && !file.Contains('\0', StringComparison.Ordinal)
            ? file
            : throw new FormatException("it has an entry without a file name");

    private TensorEntry Find(string name, params ReadOnlySpan<long> shape)
    {
        if (!_entries.TryGetValue(name, out TensorEntry? entry))
        {
            throw new ModelLoadException(
                $"{_folder}: the weights lack tensor '{name}'. The folder is incomplete, or config.json belongs to "
                    + "another model."
            );
        }
        if (!entry.Shape.AsSpan().SequenceEqual(shape))
        {
            throw new ModelLoadException(
                $"{entry.File.Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], but config.json "
                    + "asks for "
                    + $"[{string.Join(", ", shape.ToArray())}]. The two files belong to different models."
            );
        }
        return entry;
    }

    private static void ReadAsSingle(TensorEntry entry, long firstElement, Span<float> target)
    {
        long offset = entry.Offset + firstElement * entry.ElementSize;
        if (entry.Type == TensorType.F32)
        {
            entry.File.Read(MemoryMarshal.AsBytes(target), offset);
            return;
        }
        ushort[] buffer = ArrayPool<ushort>.Shared.Rent(target.Length);
        Span<ushort> stored = buffer.AsSpan(0, target.Length);
        entry.File.Read(MemoryMarshal.AsBytes(stored), offset);
        for (int i = 0; i < stored.Length; i++)
        {
            target[i] =
                entry.Type == TensorType.BF16
                    ? BitConverter.UInt32BitsToSingle((uint)stored[i] << 16)
                    : (float)BitConverter.UInt16BitsToHalf(stored[i]);
        }
        ArrayPool<ushort>.Shared.Return(buffer);
    }
}
