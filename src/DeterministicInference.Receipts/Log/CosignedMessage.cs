using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace DeterministicInference.Receipts.Log;

/// <summary>What cosigners sign, and the structure that they return (C2SP tlog-cosignature).</summary>
internal static class CosignedMessage
{
    /// <summary>Most bytes of a cosigner's name and of an origin in a message for ML-DSA-44.</summary>
    public const int MaxNameBytes = byte.MaxValue;

    /// <summary>Bytes of the timestamp before a signature.</summary>
    public const int TimestampBytes = sizeof(ulong);

    /// <summary>The message of an Ed25519 cosignature.</summary>
    /// <param name="text">The text of the note.</param>
    /// <param name="timestamp">Seconds since 1970.</param>
    public static byte[] Ed25519(string text, long timestamp) =>
        Encoding.UTF8.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {timestamp}\n{text}")
        );

    /// <summary>The message of an ML-DSA-44 cosignature; null if a name is too long for it.</summary>
    public static byte[]? MLDsa44(string cosigner, long timestamp, Checkpoint checkpoint)
    {
        byte[] name = Encoding.UTF8.GetBytes(cosigner),
            origin = Encoding.UTF8.GetBytes(checkpoint.Origin);
        if (name.Length is 0 or > MaxNameBytes || origin.Length is 0 or > MaxNameBytes)
            return null;
        return
        [
            .. "subtree/v1\n\0"u8,
            (byte)name.Length,
            .. name,
            .. BigEndian(timestamp),
            (byte)origin.Length,
            .. origin,
            .. BigEndian(0),
            .. BigEndian(checkpoint.Size),
            .. checkpoint.Root.ToArray(),
        ];
    }

    /// <summary>A timestamp and what was signed with it.</summary>
    public static byte[] Join(long timestamp, ReadOnlySpan<byte> signature) => [.. BigEndian(timestamp), .. signature];

    /// <summary>Separates them; false where the timestamp is beyond 2^63 - 1 or the length is another one.</summary>
    public static bool TrySplit(
        ReadOnlySpan<byte> bytes,
        int signatureBytes,
        out long timestamp,
        out ReadOnlySpan<byte> signature
    )
    {
        timestamp = 0;
        signature = default;
        if (bytes.Length != TimestampBytes + signatureBytes)
            return false;
        timestamp = BinaryPrimitives.ReadInt64BigEndian(bytes);
        signature = bytes[TimestampBytes..];
        return timestamp >= 0;
    }

    private static byte[] BigEndian(long value)
    {
        var bytes = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
