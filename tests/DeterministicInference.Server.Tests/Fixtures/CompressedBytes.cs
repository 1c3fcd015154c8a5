using System.IO.Compression;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Bytes compressed as a request's Content-Encoding says.</summary>
internal static class CompressedBytes
{
    /// <summary>A member of no bytes. <see cref="GZipStream"/> writes nothing at all for none.</summary>
    public static byte[] EmptyMember { get; } = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>A zlib stream of no bytes.</summary>
    public static byte[] EmptyZlib { get; } = [0x78, 0x9C, 3, 0, 0, 0, 0, 1];

    /// <summary>One gzip member.</summary>
    public static byte[] Gzip(ReadOnlySpan<byte> bytes, CompressionLevel level = CompressionLevel.Optimal)
    {
        if (bytes.IsEmpty)
            return EmptyMember;
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, level))
            gzip.Write(bytes);
        return compressed.ToArray();
    }

    /// <summary>One member whose header has the name of a file.</summary>
    public static byte[] Named(ReadOnlySpan<byte> bytes, string name)
    {
        byte[] member = Gzip(bytes);
        return [.. member[..3], 8, .. member[4..10], .. HeaderText(name), .. member[10..]];
    }

    /// <summary>One zlib stream, which is Content-Encoding deflate.</summary>
    public static byte[] Zlib(ReadOnlySpan<byte> bytes, CompressionLevel level = CompressionLevel.Optimal)
    {
        if (bytes.IsEmpty)
            return EmptyZlib;
        var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, level))
            zlib.Write(bytes);
        return compressed.ToArray();
    }

    /// <summary>The bytes with one that is another.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="at">
    /// Its place; negative from the end, where gzip has four bytes of check and four of length, and zlib four of check.
    /// </param>
    public static byte[] Changed(byte[] bytes, int at)
    {
        var changed = (byte[])bytes.Clone();
        changed[at < 0 ? changed.Length + at : at] ^= 1;
        return changed;
    }

    private static byte[] HeaderText(string text) => [.. text.Select(c => (byte)c), 0];
}
