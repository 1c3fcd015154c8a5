using System.Buffers;
using System.Security.Cryptography;

namespace DeterministicInference.Receipts.Canonical;

/// <summary>Hashes what is written, a block at a time.</summary>
/// <param name="into">A hash that goes on, and belongs to the caller; null for one of the writer's own.</param>
internal sealed class HashWriter(IncrementalHash? into = null) : IBufferWriter<byte>, IDisposable
{
    private const int BlockBytes = 4096;

    private readonly IncrementalHash _hash = into ?? IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private int _used;

    /// <summary>Bytes that were written.</summary>
    public long Length { get; private set; }

    public void Advance(int count)
    {
        _used += count;
        Length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length - _used < Math.Max(sizeHint, 1))
            Flush();
        if (_buffer.Length < sizeHint)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(sizeHint);
        }
        return _buffer.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>The hash of all that was written; the writer starts anew.</summary>
    public Sha256Value Finish()
    {
        Flush();
        Span<byte> value = stackalloc byte[Sha256Value.Size];
        _hash.GetHashAndReset(value);
        return new Sha256Value(value);
    }

    /// <summary>Call it once.</summary>
    public void Dispose()
    {
        if (into is null)
            _hash.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>All that was written is in the hash after it.</summary>
    public void Flush()
    {
        _hash.AppendData(_buffer.AsSpan(0, _used));
        _used = 0;
    }
}
