using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DeterministicInference.Receipts.Tests;

/// <summary>Reproducible choices: the n-th one depends on the seed alone.</summary>
internal sealed class SeededValues(int seed)
{
    private long _drawn;

    public uint Word()
    {
        Span<byte> input = stackalloc byte[12],
            hash = stackalloc byte[32];
        BinaryPrimitives.WriteInt32BigEndian(input, seed);
        BinaryPrimitives.WriteInt64BigEndian(input[4..], _drawn++);
        SHA256.HashData(input, hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    /// <summary>0 … limit − 1.</summary>
    public int Below(int limit) => (int)(Word() % (uint)limit);

    public bool OneIn(int n) => Below(n) == 0;

    public T Of<T>(IReadOnlyList<T> values) => values[Below(values.Count)];
}
