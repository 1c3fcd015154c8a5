using System.Buffers;
using System.Security.Cryptography;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>Hashes what is written, a block at a time.</summary>
internal sealed class HashWriter : IBufferWriter<byte>, IDisposable
{
    private const int BlockBytes = 4096;

    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] buffer = new byte[BlockBytes];
    private int used;

    public void Advance(int count) => used += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (buffer.Length - used < Math.Max(sizeHint, 1)) Flush();
        if (buffer.Length < sizeHint) buffer = new byte[sizeHint];
        return buffer.AsMemory(used);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>The hash of all that was written; the writer starts anew.</summary>
    public Sha256Value Finish()
    {
        Flush();
        Span<byte> value = stackalloc byte[Sha256Value.Size];
        hash.GetHashAndReset(value);
        return new Sha256Value(value);
    }

    public void Dispose() => hash.Dispose();

    private void Flush()
    {
        hash.AppendData(buffer.AsSpan(0, used));
        used = 0;
    }
}
