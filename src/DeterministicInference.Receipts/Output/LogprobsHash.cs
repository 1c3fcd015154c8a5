using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DeterministicInference.Receipts.Output;

/// <summary>
/// The running hash of a choice's log-probabilities. Those of a refusal are kept until the end, because they come after all of
/// the content's whatever the order of arrival.
/// </summary>
internal sealed class LogprobsHash : IDisposable
{
    private const int RefusalLimit = 16 << 20;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> refusal = new();
    private long length;

    /// <summary>Adds whole entries of the content.</summary>
    public void Append(ReadOnlySpan<byte> entries)
    {
        hash.AppendData(entries);
        length += entries.Length;
    }

    /// <summary>Adds whole entries of the refusal; false if there is too much of it to keep.</summary>
    public bool TryAppendRefusal(ReadOnlySpan<byte> entries)
    {
        if (refusal.WrittenCount + (long)entries.Length > RefusalLimit) return false;
        refusal.Write(entries);
        return true;
    }

    /// <summary>Bytes of the stream and their hash. Nothing may be added after it.</summary>
    public (long Length, Sha256Value Hash) Finish()
    {
        Append(refusal.WrittenSpan);
        refusal.Clear();
        Span<byte> value = stackalloc byte[Sha256Value.Size];
        hash.GetCurrentHash(value);
        return (length, new Sha256Value(value));
    }

    public void Dispose() => hash.Dispose();

    /// <summary>Null stands for a token without a number, such as the first of an echoed prompt.</summary>
    public static void WriteNumber(double? number, IBufferWriter<byte> output)
    {
        const ulong noNumber = 0x7ff8000000000000;
        BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(8), number is { } value ? BitConverter.DoubleToUInt64Bits(value) : noNumber);
        output.Advance(8);
    }

    public static void WriteCount(int count, IBufferWriter<byte> output)
    {
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(4), (uint)count);
        output.Advance(4);
    }
}
