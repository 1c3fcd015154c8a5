using System.Buffers.Binary;
using System.IO.Compression;

namespace DeterministicInference.Server.Tests.EndToEnd.Fuzz;

/// <summary>
/// Another reader of gzip and zlib than the server's: it reads RFC 1952 and RFC 1950 itself, and gives the bytes of the
/// data one by one, so that it knows where these end.
/// </summary>
internal static class CompressedReading
{
    private const int HasHeaderCheck = 2,
        HasExtra = 4,
        HasName = 8,
        HasComment = 16,
        Reserved = 0xE0;

    /// <summary>What one whole zlib stream and nothing else decodes to; null for other bytes.</summary>
    public static byte[]? Zlib(byte[] bytes)
    {
        bool hasHeader =
            bytes.Length >= 2
            && bytes[0] is var method
            && (method & 0xF) == 8
            && method >> 4 <= 7
            && (method << 8 | bytes[1]) % 31 == 0
            // No dictionary.
            && (bytes[1] & 0x20) == 0;
        int at = 2;
        return
            hasHeader
            && Inflate(bytes, ref at) is { } data
            && bytes.Length - at == 4
            && BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at)) == Adler(data)
            ? data
            : null;
    }

    /// <summary>What whole gzip members and nothing else decode to; null for other bytes.</summary>
    public static byte[]? Gzip(byte[] bytes)
    {
        var decoded = new List<byte>();
        int at = 0;
        do
        {
            if (ReadMember(bytes, ref at) is not { } member)
                return null;
            decoded.AddRange(member);
        } while (at < bytes.Length);
        return [.. decoded];
    }

    private static byte[]? ReadMember(byte[] bytes, ref int at)
    {
        if (!TrySkipHeader(bytes, ref at) || Inflate(bytes, ref at) is not { } data || bytes.Length - at < 8)
            return null;
        uint check = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)),
            length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 4));
        at += 8;
        return check == Check(data) && length == (uint)data.Length ? data : null;
    }

    private static bool TrySkipHeader(byte[] bytes, ref int at)
    {
        int begin = at;
        if (bytes.Length - at < 10 || !bytes.AsSpan(at).StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 8]))
            return false;
        int flags = bytes[at + 3];
        at += 10;
        if ((flags & Reserved) != 0)
            return false;
        if ((flags & HasExtra) != 0)
        {
            if (bytes.Length - at < 2)
                return false;
            at += 2 + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));
        }
        foreach (int flag in (int[])[HasName, HasComment])
        {
            if ((flags & flag) == 0)
                continue;
            int end = at < bytes.Length ? Array.IndexOf(bytes, (byte)0, at) : -1;
            if (end < 0)
                return false;
            at = end + 1;
        }
        if ((flags & HasHeaderCheck) == 0)
            return at <= bytes.Length;
        if (bytes.Length - at < 2)
            return false;
        bool isRight =
            BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at)) == (ushort)Check(bytes.AsSpan(begin, at - begin));
        at += 2;
        return isRight;
    }

    private static byte[]? Inflate(byte[] bytes, ref int at)
    {
        var single = new SingleBytes(bytes, at);
        var data = new List<byte>();
        try
        {
            using var inflated = new DeflateStream(single, CompressionMode.Decompress);
            // CopyTo reads on behind the end of the data.
            for (int next = inflated.ReadByte(); next >= 0; next = inflated.ReadByte())
                data.Add((byte)next);
        }
        catch (InvalidDataException)
        {
            return null;
        }
        at = single.Next;
        return single.IsBeyond ? null : [.. data];
    }

    /// <summary>CRC-32 as gzip has it (RFC 1952, section 8).</summary>
    private static uint Check(ReadOnlySpan<byte> bytes)
    {
        uint check = uint.MaxValue;
        foreach (byte b in bytes)
        {
            check ^= b;
            for (int bit = 0; bit < 8; bit++)
                check = (check & 1) == 0 ? check >> 1 : check >> 1 ^ 0xEDB88320;
        }
        return ~check;
    }

    /// <summary>The check of zlib (RFC 1950, section 8.2).</summary>
    private static uint Adler(ReadOnlySpan<byte> bytes)
    {
        uint low = 1,
            high = 0;
        foreach (byte b in bytes)
        {
            low = (low + b) % 65521;
            high = (high + low) % 65521;
        }
        return high << 16 | low;
    }

    /// <summary>Gives one byte at each read.</summary>
    private sealed class SingleBytes(byte[] bytes, int position) : MemoryStream
    {
        /// <summary>Where the next byte stands.</summary>
        public int Next { get; private set; } = position;

        /// <summary>Whether more bytes were asked for than there are.</summary>
        public bool IsBeyond { get; private set; }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            IsBeyond = Next >= bytes.Length;
            if (IsBeyond)
                return 0;
            buffer[0] = bytes[Next++];
            return 1;
        }
    }
}
