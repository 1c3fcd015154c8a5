using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace DeterministicInference.Engine.Model;

/// <summary>Element type of a stored tensor, as safetensors names it.</summary>
internal enum TensorType
{
    F32,
    F16,
    BF16,
}

/// <summary>Where a tensor lies in a file.</summary>
/// <param name="File">The open file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Extents, outermost first; row-major.</param>
/// <param name="Offset">Of the first byte, from the start of the file.</param>
internal sealed record TensorEntry(TensorFile File, TensorType Type, long[] Shape, long Offset)
{
    public int ElementSize => Type == TensorType.F32 ? 4 : 2;
}

/// <summary>
/// One open safetensors file (format: https://github.com/huggingface/safetensors): eight bytes header length, a JSON
/// header, the data. The header is checked against the file's size, so that reading a tensor can't run short.
/// </summary>
internal sealed class TensorFile : IDisposable
{
    private const long MaximumHeader = 100_000_000;

    private readonly SafeFileHandle _handle;

    private TensorFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
    }

    public string Path { get; }

    /// <exception cref="ModelLoadException">
    /// Missing, truncated, malformed, or an element type that is not supported.
    /// </exception>
    public static TensorFile Open(string path, IDictionary<string, TensorEntry> entries)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, options: FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelLoadException(
                $"{path}: can't be opened ({e.Message}) Download the model again, or check the permissions.",
                e
            );
        }
        var file = new TensorFile(path, handle);
        try
        {
            file.ReadHeader(entries);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Fills <paramref name="target"/> from <paramref name="offset"/>.</summary>
    public void Read(Span<byte> target, long offset)
    {
        while (target.Length > 0)
        {
            int count = RandomAccess.Read(_handle, target, offset);
            if (count == 0)
                throw Corrupt("it became shorter while it was read");
            target = target[count..];
            offset += count;
        }
    }

    public void Dispose() => _handle.Dispose();

    private void ReadHeader(IDictionary<string, TensorEntry> entries)
    {
        long size = RandomAccess.GetLength(_handle);
        if (size < 8)
            throw Corrupt($"it has only {size} bytes");
        Span<byte> lengthBytes = stackalloc byte[8];
        Read(lengthBytes, 0);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(lengthBytes);
        if (lengthBytes.SequenceEqual("version "u8))
            throw Corrupt("it is a pointer of Git LFS and not the file itself: git lfs pull fetches it");
        if (length > MaximumHeader || (long)length > size - 8)
            throw Corrupt($"its header claims {length} bytes in a file of {size}");

        var header = new byte[(int)length];
        Read(header, 8);
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                header,
                new JsonDocumentOptions { AllowDuplicateProperties = false }
            );
            long dataStart = 8 + (long)length;
            var spans = new List<(long Begin, long End)>();
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__")
                    continue;
                TensorEntry entry = ReadEntry(property, dataStart, size, spans);
                if (!entries.TryAdd(property.Name, entry))
                    throw Corrupt($"tensor '{property.Name}' is also in {entries[property.Name].File.Path}");
            }
            RequireNoGaps(spans, size - dataStart);
        }
        catch (Exception e)
            when (e
                    is JsonException
                        or InvalidOperationException
                        or KeyNotFoundException
                        or FormatException
                        or IndexOutOfRangeException
                        or OverflowException
            )
        {
            throw new ModelLoadException(
                $"{Path}: corrupt safetensors header ({e.Message.ReplaceLineEndings(" ")}). Download the file again.",
                e
            );
        }
    }

    private TensorEntry ReadEntry(JsonProperty property, long dataStart, long size, List<(long Begin, long End)> spans)
    {
        string typeName = property.Value.GetProperty("dtype").GetString() ?? "";
        TensorType type = typeName switch
        {
            "F32" => TensorType.F32,
            "F16" => TensorType.F16,
            "BF16" => TensorType.BF16,
            _ => throw new ModelLoadException(
                $"{Path}: tensor '{property.Name}' has dtype {typeName}, which is not supported. Use the model's F32,"
                    + " F16 or BF16 version."
            ),
        };
        long[] shape = [.. property.Value.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt64())];
        JsonElement offsets = property.Value.GetProperty("data_offsets");
        long begin = offsets[0].GetInt64(),
            end = offsets[1].GetInt64();
        long expected = type == TensorType.F32 ? 4 : 2;
        foreach (long extent in shape)
        {
            if (extent < 0 || extent > size)
                throw Corrupt($"tensor '{property.Name}' has a shape larger than the file");
            expected = checked(expected * extent);
        }
        if (begin < 0 || end < begin || end - begin != expected)
            throw Corrupt($"tensor '{property.Name}' spans {end - begin} bytes, but its shape needs {expected}");
        if (end > size - dataStart)
            throw Corrupt(
                $"tensor '{property.Name}' ends at byte {dataStart + end} of a file of {size}: it is truncated"
            );
        spans.Add((begin, end));
        return new TensorEntry(this, type, shape, dataStart + begin);
    }

    /// <summary>The format wants the tensors to cover the data exactly once, in whatever order.</summary>
    private void RequireNoGaps(List<(long Begin, long End)> spans, long dataLength)
    {
        spans.Sort();
        long covered = 0;
        foreach ((long begin, long end) in spans)
        {
            if (begin != covered)
                throw Corrupt(
                    $"{(begin < covered ? "two tensors share" : "no tensor has")} byte {Math.Min(begin, covered)} of "
                        + "the data"
                );
            covered = end;
        }
        if (covered != dataLength)
            throw Corrupt($"the tensors end at byte {covered} of {dataLength} bytes of data");
    }

    private ModelLoadException Corrupt(string problem) =>
        new($"{Path}: corrupt safetensors file: {problem}. Download the file again.");
}
