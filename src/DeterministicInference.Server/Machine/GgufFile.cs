using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// Reads the header of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) as far as it tells
/// whether the file is whole: version, metadata, and where the tensors lie. The tensors themselves are not read.
/// </summary>
internal sealed class GgufFile
{
    private const string Damaged = "is damaged: ";

    /// <summary>Whether a file begins as one: caches name files by their hash (<c>sha256-…</c>).</summary>
    public static bool Is(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            Span<byte> first = stackalloc byte[4];
            return stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false) == first.Length
                && first.SequenceEqual("GGUF"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Version 1 is read by no engine of today.</summary>
    private const uint Oldest = 2,
        Newest = 3;

    /// <summary>Types of values.</summary>
    private const uint Number = 4,
        Text = 8,
        List = 9;

    /// <summary>Bytes of the shortest entry (no name, a type, one byte) and tensor (no name, no dimension).</summary>
    private const ulong LeastEntry = 13,
        LeastTensor = 24;

    private const int LongestTensorName = 63,
        MostDimensions = 4;

    private const string AlignmentName = "general.alignment";

    /// <summary>Bytes of a value, by its type; 0 for texts, lists and types that do not exist.</summary>
    private static readonly int[] ValueSizes = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8];

    /// <summary>
    /// Elements and bytes of a block, by the tensor's type (ggml/src/ggml.c, type_traits). Of a type that is not here
    /// only the place is checked.
    /// </summary>
    private static readonly Dictionary<uint, (ulong Elements, ulong Bytes)> Blocks = new()
    {
        [0] = (1, 4),
        [1] = (1, 2),
        [2] = (32, 18),
        [3] = (32, 20),
        [6] = (32, 22),
        [7] = (32, 24),
        [8] = (32, 34),
        [9] = (32, 36),
        [10] = (256, 84),
        [11] = (256, 110),
        [12] = (256, 144),
        [13] = (256, 176),
        [14] = (256, 210),
        [15] = (256, 292),
        [16] = (256, 66),
        [17] = (256, 74),
        [18] = (256, 98),
        [19] = (256, 50),
        [20] = (32, 18),
        [21] = (256, 110),
        [22] = (256, 82),
        [23] = (256, 136),
        [24] = (1, 1),
        [25] = (1, 2),
        [26] = (1, 4),
        [27] = (1, 8),
        [28] = (1, 8),
        [29] = (256, 56),
        [30] = (1, 2),
        [34] = (256, 54),
        [35] = (256, 66),
        [39] = (32, 17),
    };

    private readonly ForwardReader _reader;
    private ulong _alignment = 32;

    private GgufFile(ForwardReader reader) => _reader = reader;

    /// <summary>Why no engine can load a file: continues a sentence that begins with its name.</summary>
    /// <returns>Null if nothing speaks against it, and where it can't be read, which is a finding of its own.</returns>
    public static string? ProblemOf(string path)
    {
        try
        {
            // To open a pipe waits for who writes it.
            if (FileKinds.Of(path) is not (null or FileKind.Regular))
                return null;
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            return new GgufFile(new ForwardReader(stream)).FindProblem();
        }
        catch (EndOfStreamException)
        {
            return "is cut off within its header";
        }
        catch (TooLongException)
        {
            // No model has such a header; whether an engine would read it is not known.
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private string? FindProblem()
    {
        Span<byte> magic = stackalloc byte[4];
        if (_reader.Length < (ulong)magic.Length)
            return "does not begin as a GGUF file does";
        _reader.Read(magic);
        if (!magic.SequenceEqual("GGUF"u8))
            return "does not begin as a GGUF file does";
        uint version = _reader.UInt32();
        if (version is < Oldest or > Newest)
        {
            return BinaryPrimitives.ReverseEndianness(version) is >= Oldest and <= Newest
                ? "is a GGUF file for machines of the other byte order"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"is a GGUF file of version {version}, and versions {Oldest} and {Newest} are known"
                );
        }
        ulong tensors = _reader.UInt64(),
            entries = _reader.UInt64();
        if (entries > _reader.Left / LeastEntry || tensors > _reader.Left / LeastTensor)
            return $"{Damaged}it names more entries or tensors than it has room for";
        for (ulong i = 0; i < entries; i++)
        {
            if (SkipEntry() is { } problem)
                return Damaged + problem;
        }
        return CheckTensors(tensors);
    }

    private string? SkipEntry()
    {
        ulong length = _reader.UInt64();
        bool isAlignment = false;
        if (length == (ulong)AlignmentName.Length)
        {
            Span<byte> name = stackalloc byte[AlignmentName.Length];
            _reader.Read(name);
            isAlignment = Encoding.ASCII.GetString(name) == AlignmentName;
        }
        else
        {
            _reader.Skip(length);
        }
        uint type = _reader.UInt32();
        if (isAlignment && type == Number)
        {
            _alignment = _reader.UInt32();
            return ulong.IsPow2(_alignment) ? null : "its alignment is no power of two";
        }
        return SkipValue(type);
    }

    private string? SkipValue(uint type)
    {
        if (type == Text)
        {
            _reader.Skip(_reader.UInt64());
            return null;
        }
        if (type != List)
            return SkipValues(type, 1);
        uint element = _reader.UInt32();
        ulong count = _reader.UInt64();
        if (element != Text)
            return SkipValues(element, count);
        for (ulong i = 0; i < count; i++)
            _reader.Skip(_reader.UInt64());
        return null;
    }

    private string? SkipValues(uint type, ulong count)
    {
        if (type >= (uint)ValueSizes.Length || ValueSizes[type] == 0)
            return "a value has a type that does not exist";
        if (count > _reader.Left)
            throw new EndOfStreamException();
        _reader.Skip(count * (ulong)ValueSizes[type]);
        return null;
    }

    private string? CheckTensors(ulong count)
    {
        UInt128 end = 0;
        for (ulong i = 0; i < count; i++)
        {
            ulong name = _reader.UInt64();
            if (name > LongestTensorName)
                return $"{Damaged}a tensor's name is too long";
            _reader.Skip(name);
            uint dimensions = _reader.UInt32();
            if (dimensions > MostDimensions)
                return $"{Damaged}a tensor has too many dimensions";
            UInt128 elements = 1;
            for (uint j = 0; j < dimensions; j++)
                elements = Limited(elements * _reader.UInt64());
            uint type = _reader.UInt32();
            ulong offset = _reader.UInt64();
            if (offset % _alignment != 0)
                return $"{Damaged}a tensor is not aligned";
            UInt128 size = Blocks.TryGetValue(type, out (ulong Elements, ulong Bytes) block)
                ? Limited(elements / block.Elements * block.Bytes)
                : 0;
            end = UInt128.Max(end, offset + size);
        }
        ulong start = (_reader.Position + _alignment - 1) / _alignment * _alignment;
        return count > 0 && start + end > _reader.Length
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"is cut off: it has {_reader.Length} bytes, and its tensors end at byte {start + end}"
            )
            : null;
    }

    /// <summary>Products of four sizes may have more bits than there are; no file is that long.</summary>
    private static UInt128 Limited(UInt128 size) => UInt128.Min(size, ulong.MaxValue);
}
