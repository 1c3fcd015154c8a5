using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Model;

namespace DeterministicInference.Engine.Forward;

/// <summary>
/// Attention of a batch in one layer: <see cref="Rotate"/> places queries, keys and values of each token, then the
/// parts compute one kv head of one token each.
/// </summary>
internal sealed unsafe class AttentionWork(ModelConfig config, ForwardScratch scratch) : IParallelWork
{
    private const long ParallelThreshold = 100_000;

    private readonly nint[] _empty = [];
    private BatchRow[] _rows = [];
    private int _rowCount;
    private int _layer;
    private int _unitsPerPart;
    private nint[][] _pointers = [];

    public void Begin(ReadOnlySpan<BatchRow> rows, int layer)
    {
        if (_rows.Length < rows.Length)
            _rows = new BatchRow[rows.Length];
        rows.CopyTo(_rows);
        _rowCount = rows.Length;
        _layer = layer;
    }

    /// <summary>Rotates query and key heads (rotate-half), and stores keys and values with zero padding.</summary>
    public void Rotate(long row)
    {
        int t = (int)row,
            width = config.HeadDimension;
        BatchRow token = _rows[t];
        float* source = scratch.QueryKeyValue + row * scratch.QueryKeyValueStride;
        float* query = scratch.Query + row * scratch.QueryStride;
        for (int head = 0; head < config.Heads; head++, source += width, query += scratch.HeadWidth)
            RotateHead(source, query, t);
        for (int head = 0; head < config.KeyValueHeads; head++, source += width)
        {
            RotateHead(source, token.Cache.Key(_layer, head, token.Position), t);
        }
        for (int head = 0; head < config.KeyValueHeads; head++, source += width)
        {
            float* value = token.Cache.Value(_layer, head, token.Position);
            for (int i = 0; i < width; i++)
                value[i] = source[i];
            for (int i = width; i < scratch.HeadWidth; i++)
                value[i] = 0;
        }
    }

    /// <summary>Number of parts for the batch given to <see cref="Begin"/>.</summary>
    public int Parts(int threads)
    {
        if (_pointers.Length < threads)
            _pointers = [.. Enumerable.Repeat(_empty, threads)];
        long work = 0;
        for (int t = 0; t < _rowCount; t++)
            work += (_rows[t].Position + 1L) * config.Heads * scratch.HeadWidth * 2;
        int units = _rowCount * config.KeyValueHeads;
        _unitsPerPart = work < ParallelThreshold ? units : Math.Max(1, units / (threads * 8));
        return (units + _unitsPerPart - 1) / _unitsPerPart;
    }

    public void Execute(int part, int worker)
    {
        int units = _rowCount * config.KeyValueHeads;
        for (int unit = part * _unitsPerPart; unit < Math.Min((part + 1) * _unitsPerPart, units); unit++)
        {
            Attend(unit / config.KeyValueHeads, unit % config.KeyValueHeads, worker);
        }
    }

    private void Attend(int t, int keyHead, int worker)
    {
        BatchRow token = _rows[t];
        int count = token.Position + 1,
            blocks = KeyValueBlockPool.BlocksFor(count);
        if (_pointers[worker].Length < 2 * blocks)
            _pointers[worker] = new nint[4 * blocks];
        Span<nint> keys = _pointers[worker].AsSpan(0, blocks),
            values = _pointers[worker].AsSpan(blocks, blocks);
        token.Cache.Pointers(_layer, keyHead, count, keys, values);
        int group = config.Heads / config.KeyValueHeads;
        fixed (
            nint* keyBlocks = keys,
                valueBlocks = values
        )
        {
            for (int head = keyHead * group; head < (keyHead + 1) * group; head++)
            {
                Instructions.Run(
                    new HeadAttention(
                        (nint)(scratch.Query + (long)t * scratch.QueryStride + head * scratch.HeadWidth),
                        (nint)keyBlocks,
                        (nint)valueBlocks,
                        KeyValueBlock.Positions,
                        count,
                        config.HeadDimension,
                        scratch.Scores(worker),
                        (nint)(scratch.Attention + (long)t * scratch.AttentionStride + head * config.HeadDimension)
                    )
                );
            }
        }
    }

    private void RotateHead(float* source, float* target, int row)
    {
        int half = config.HeadDimension / 2;
        ReadOnlySpan<float> cos = scratch.Cos(row),
            sin = scratch.Sin(row);
        for (int i = 0; i < half; i++)
        {
            float a = source[i],
                b = source[i + half];
            target[i] = a * cos[i] - b * sin[i];
            target[i + half] = b * cos[i] + a * sin[i];
        }
        for (int i = 2 * half; i < scratch.HeadWidth; i++)
            target[i] = 0;
    }
}
