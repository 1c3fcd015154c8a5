using System.Buffers.Binary;

namespace DeterministicInference.Server.Machine;

/// <summary>Reads a file from its beginning to its end, in pieces, and skips without reading.</summary>
internal sealed class ForwardReader(Stream stream)
{
    /// <summary>
    /// More values than any model has: the largest vocabularies have some 300,000 pieces, each with a merge.
    /// </summary>
    private const int MostValues = 1 << 24;

    private readonly byte[] _piece = new byte[1 << 16];
    private int _next,
        _end,
        _values;

    public ulong Length { get; } = (ulong)stream.Length;

    public ulong Position { get; private set; }

    public ulong Left => Length - Position;

    public uint UInt32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        Read(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }

    public ulong UInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Read(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public void Read(Span<byte> bytes)
    {
        if ((ulong)bytes.Length > Left)
            throw new EndOfStreamException();
        if (++_values > MostValues)
            throw new TooLongException();
        Position += (ulong)bytes.Length;
        while (bytes.Length > 0)
        {
            if (_next == _end)
            {
                (_next, _end) = (0, stream.Read(_piece));
                if (_end == 0)
                    throw new EndOfStreamException();
            }
            int count = Math.Min(bytes.Length, _end - _next);
            _piece.AsSpan(_next, count).CopyTo(bytes);
            _next += count;
            bytes = bytes[count..];
        }
    }

    public void Skip(ulong count)
    {
        if (count > Left)
            throw new EndOfStreamException();
        Position += count;
        if (count <= (ulong)(_end - _next))
        {
            _next += (int)count;
            return;
        }
        (_next, _end) = (0, 0);
        stream.Position = (long)Position;
    }
}

/// <summary>A file has more values than are read: the work is bounded, whatever it says of itself.</summary>
internal sealed class TooLongException() : Exception("The file has more values than any model.");
