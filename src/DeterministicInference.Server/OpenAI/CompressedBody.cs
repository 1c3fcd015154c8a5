using System.IO.Compression;

namespace DeterministicInference.Server.OpenAI;

/// <summary>
/// A compressed body, which is decoded while it is read: one or more gzip members (RFC 1952, section 2.2) or one zlib
/// stream (RFC 1950), and nothing else.
/// </summary>
/// <remarks>
/// The decoding streams of .NET themselves take what is cut for whole, and pass over what follows its end
/// (dotnet/runtime 10.0, System.IO.Compression, DeflateStream.cs and Inflater.cs). But they ask for bytes only where
/// they need some, so the class counts which ones they ask for. The last byte comes alone: only what ends with it takes
/// it. The zlib stream then asks for no other. The gzip stream does, for another member may follow, and gets one byte
/// more, after which it asks for no other where a member has ended. That byte is 0xFF: it begins no member, and the one
/// member that it could complete has at least 0xFF000000 bytes by its last field, which no array holds.
/// </remarks>
/// <param name="bytes">The bytes.</param>
/// <param name="isGzip">Whether they are gzip members; else they are a zlib stream.</param>
internal sealed class CompressedBody(ReadOnlyMemory<byte> bytes, bool isGzip) : Stream
{
    private const byte Behind = 0xFF;

    private int _position;

    /// <summary>Whether all bytes were needed and no others, once the decoding stream has ended.</summary>
    public bool IsWhole => _position == bytes.Length + (isGzip ? 1 : 0);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>The decoded bytes.</summary>
    public Stream Decode() =>
        isGzip ? new GZipStream(this, CompressionMode.Decompress) : new ZLibStream(this, CompressionMode.Decompress);

    /// <summary>Whether reading the decoded bytes failed because of them.</summary>
    public static bool IsDamage(Exception e) =>
        e
            is InvalidDataException
                // ZLibException, which is not public: a zlib stream wants a dictionary.
                or IOException;

    public override int Read(Span<byte> buffer)
    {
        int left = bytes.Length - _position;
        if (left > 0)
        {
            ReadOnlySpan<byte> next = bytes.Span.Slice(_position, Math.Min(buffer.Length, Math.Max(left - 1, 1)));
            next.CopyTo(buffer);
            _position += next.Length;
            return next.Length;
        }
        _position++;
        if (!isGzip || left < 0)
            return 0;
        buffer[0] = Behind;
        return 1;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(buffer.Span));

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
