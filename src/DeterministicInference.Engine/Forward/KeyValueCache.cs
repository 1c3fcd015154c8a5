using System.Runtime.InteropServices;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Model;

namespace DeterministicInference.Engine.Forward;

/// <summary>
/// Memory for the keys and values of <see cref="Positions"/> consecutive positions in all layers:
/// [layer][key, value][kv head][position][padded head width].
/// </summary>
internal sealed class KeyValueBlock(long singles)
{
    /// <summary>Positions per block; a multiple of four (see <see cref="HeadAttention"/>).</summary>
    public const int Positions = 64;

    public AlignedBuffer Memory { get; } = AlignedBuffer.OfSingles(singles);

    /// <summary>Caches that refer to the block. Used by the scheduler's thread only.</summary>
    public int References { get; set; }
}

/// <summary>
/// Creates, shares and recycles blocks within a limit. For one thread at a time: the scheduler's.
/// </summary>
internal sealed class KeyValueBlockPool : IDisposable
{
    private readonly Stack<KeyValueBlock> _free = [];
    private readonly List<KeyValueBlock> _all = [];

    public KeyValueBlockPool(ModelConfig config, long maximumBytes)
    {
        HeadWidth = Instructions.Padded(config.HeadDimension);
        HeadSize = (long)KeyValueBlock.Positions * HeadWidth;
        PartSize = HeadSize * config.KeyValueHeads;
        BlockSize = PartSize * 2 * config.Layers;
        MaximumBlocks = (int)Math.Min(int.MaxValue, maximumBytes / (BlockSize * sizeof(float)));
    }

    public int MaximumBlocks { get; }

    public int BlocksInUse => _all.Count - _free.Count;

    /// <summary>Padded head width, in singles.</summary>
    public int HeadWidth { get; }

    /// <summary>Singles per kv head of a layer's keys or values.</summary>
    public long HeadSize { get; }

    /// <summary>Singles of a layer's keys, or of its values.</summary>
    public long PartSize { get; }

    private long BlockSize { get; }

    /// <summary>Blocks that <paramref name="positions"/> positions need.</summary>
    public static int BlocksFor(int positions) => (positions + KeyValueBlock.Positions - 1) / KeyValueBlock.Positions;

    public KeyValueBlock Rent()
    {
        if (!_free.TryPop(out KeyValueBlock? block))
        {
            block = new KeyValueBlock(BlockSize);
            _all.Add(block);
        }
        block.References = 1;
        return block;
    }

    public void Release(KeyValueBlock block)
    {
        if (--block.References == 0)
            _free.Push(block);
    }

    public void Dispose()
    {
        foreach (KeyValueBlock block in _all)
            block.Memory.Dispose();
    }
}

/// <summary>The keys and values of one sequence, for all layers. Grows a block at a time.</summary>
internal sealed unsafe class KeyValueCache(KeyValueBlockPool pool) : IDisposable
{
    private readonly List<KeyValueBlock> _blocks = [];

    /// <summary>Positions that the blocks hold room for.</summary>
    public int Capacity => _blocks.Count * KeyValueBlock.Positions;

    /// <summary>Makes room for positions 0 … count − 1.</summary>
    public void EnsureCapacity(int count)
    {
        while (Capacity < count)
            _blocks.Add(pool.Rent());
    }

    /// <summary>
    /// A cache with the same first <paramref name="positions"/> positions: full blocks are shared, since they are never
    /// written again, a partly filled last one is copied.
    /// </summary>
    public KeyValueCache Fork(int positions)
    {
        var fork = new KeyValueCache(pool);
        int full = positions / KeyValueBlock.Positions;
        foreach (KeyValueBlock block in CollectionsMarshal.AsSpan(_blocks)[..full])
        {
            block.References++;
            fork._blocks.Add(block);
        }
        if (positions % KeyValueBlock.Positions > 0)
        {
            KeyValueBlock copy = pool.Rent();
            AlignedBuffer source = _blocks[full].Memory;
            Buffer.MemoryCopy(source.Singles, copy.Memory.Singles, copy.Memory.ByteLength, source.ByteLength);
            fork._blocks.Add(copy);
        }
        return fork;
    }

    public float* Key(int layer, int head, int position) =>
        Head(position / KeyValueBlock.Positions, layer, 0, head) + Offset(position);

    public float* Value(int layer, int head, int position) =>
        Head(position / KeyValueBlock.Positions, layer, 1, head) + Offset(position);

    /// <summary>
    /// Writes, for each block of the first <paramref name="count"/> positions, where one head's keys and values begin.
    /// </summary>
    public void Pointers(int layer, int head, int count, Span<nint> keys, Span<nint> values)
    {
        for (int b = 0; b < KeyValueBlockPool.BlocksFor(count); b++)
        {
            keys[b] = (nint)Head(b, layer, 0, head);
            values[b] = (nint)Head(b, layer, 1, head);
        }
    }

    public void Dispose()
    {
        foreach (KeyValueBlock block in _blocks)
            pool.Release(block);
        _blocks.Clear();
    }

    private float* Head(int block, int layer, int part, int head) =>
        _blocks[block].Memory.Singles + (2L * layer + part) * pool.PartSize + head * pool.HeadSize;

    private long Offset(int position) => (long)(position % KeyValueBlock.Positions) * pool.HeadWidth;
}
