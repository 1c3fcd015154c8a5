using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Unicode;

namespace DeterministicInference.Receipts;

/// <summary>The 32 bytes of a SHA-256 hash. Its text is 64 lower-case hexadecimal digits.</summary>
internal readonly record struct Sha256Value : IUtf8SpanFormattable
{
    /// <summary>Length in bytes.</summary>
    public const int Size = SHA256.HashSizeInBytes;

    private readonly ulong _a,
        _b,
        _c,
        _d;

    /// <summary>Takes the value from its bytes.</summary>
    /// <exception cref="ArgumentException">There are not 32 of them.</exception>
    public Sha256Value(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException("A SHA-256 value has 32 bytes.", nameof(bytes));
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>The SHA-256 of <paramref name="data"/>.</summary>
    public static Sha256Value Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Size];
        SHA256.HashData(data, hash);
        return new Sha256Value(hash);
    }

    /// <summary>Reads exactly 64 lower-case hexadecimal digits; false for any other text.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Sha256Value value)
    {
        value = default;
        if (text is not { Length: 2 * Size } || !text.All(char.IsAsciiHexDigitLower))
            return false;
        value = new Sha256Value(Convert.FromHexString(text));
        return true;
    }

    /// <summary>Reads exactly 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static Sha256Value Parse(string text) =>
        TryParse(text, out Sha256Value value)
            ? value
            : throw new FormatException("A SHA-256 value is written as 64 lower-case hexadecimal digits.");

    /// <summary>Writes the 32 bytes.</summary>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <summary>The 32 bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{_a:x16}{_b:x16}{_c:x16}{_d:x16}");

    /// <summary>Writes the same in UTF-8.</summary>
    public bool TryFormat(
        Span<byte> utf8Destination,
        out int bytesWritten,
        ReadOnlySpan<char> format,
        IFormatProvider? provider
    ) =>
        Utf8.TryWrite(
            utf8Destination,
            CultureInfo.InvariantCulture,
            $"{_a:x16}{_b:x16}{_c:x16}{_d:x16}",
            out bytesWritten
        );
}
