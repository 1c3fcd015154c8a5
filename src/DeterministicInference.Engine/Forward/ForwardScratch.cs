using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Model;

namespace DeterministicInference.Engine.Forward;

/// <summary>
/// Intermediate results of a batch. Row strides are padded to whole lanes; padding is zero when a kernel reads it as
/// the input of a product.
/// </summary>
internal sealed unsafe class ForwardScratch : IDisposable
{
    private readonly List<AlignedBuffer> _buffers = [];
    private readonly int _angles;
    private readonly float* _cos;
    private readonly float* _sin;
    private readonly float* _scores;
    private readonly int _scoresStride;
    private AlignedBuffer? _logits;

    public ForwardScratch(ModelConfig config, int rows, int workers)
    {
        HiddenStride = Instructions.Padded(config.HiddenSize);
        HeadWidth = Instructions.Padded(config.HeadDimension);
        QueryKeyValueStride = Instructions.Padded((config.Heads + 2 * config.KeyValueHeads) * config.HeadDimension);
        QueryStride = config.Heads * HeadWidth;
        AttentionStride = Instructions.Padded(config.Heads * config.HeadDimension);
        // SwiGLU reads whole lanes from an unpadded place.
        GateUpStride = Instructions.Padded(2 * config.IntermediateSize) + Instructions.Lanes;
        IntermediateStride = Instructions.Padded(config.IntermediateSize);
        LogitsStride = Instructions.Padded(config.VocabularySize);
        _scoresStride = Instructions.Padded(config.MaxPositions);
        _angles = config.HeadDimension / 2;

        Residual = Allocate((long)rows * HiddenStride);
        Normalized = Allocate((long)rows * HiddenStride);
        Update = Allocate((long)rows * HiddenStride);
        QueryKeyValue = Allocate((long)rows * QueryKeyValueStride);
        Query = Allocate((long)rows * QueryStride);
        Attention = Allocate((long)rows * AttentionStride);
        GateUp = Allocate((long)rows * GateUpStride);
        Activated = Allocate((long)rows * IntermediateStride);
        _cos = Allocate((long)rows * _angles);
        _sin = Allocate((long)rows * _angles);
        _scores = Allocate((long)workers * _scoresStride);
    }

    public int HiddenStride { get; }

    /// <summary>Padded head width.</summary>
    public int HeadWidth { get; }

    public int QueryKeyValueStride { get; }

    public int QueryStride { get; }

    public int AttentionStride { get; }

    public int GateUpStride { get; }

    public int IntermediateStride { get; }

    public int LogitsStride { get; }

    /// <summary>The residual stream, [rows, hidden].</summary>
    public float* Residual { get; }

    /// <summary>Output of a norm, [rows, hidden].</summary>
    public float* Normalized { get; }

    /// <summary>What a block adds to the residual stream, [rows, hidden].</summary>
    public float* Update { get; }

    /// <summary>Projections before rotation, [rows, q then k then v].</summary>
    public float* QueryKeyValue { get; }

    /// <summary>Rotated queries, [rows, heads, padded head width].</summary>
    public float* Query { get; }

    /// <summary>Attention output, [rows, heads · head width].</summary>
    public float* Attention { get; }

    /// <summary>Gate, then up, [rows, 2 · intermediate].</summary>
    public float* GateUp { get; }

    /// <summary>SwiGLU output, [rows, intermediate].</summary>
    public float* Activated { get; }

    /// <summary>[rows that want them, vocabulary]; allocated by <see cref="EnsureLogits"/>.</summary>
    public float* Logits => _logits!.Singles;

    public Span<float> Cos(int row) => new(_cos + (long)row * _angles, _angles);

    public Span<float> Sin(int row) => new(_sin + (long)row * _angles, _angles);

    /// <summary>Attention scores of one worker, for as many positions as the model has.</summary>
    public nint Scores(int worker) => (nint)(_scores + (long)worker * _scoresStride);

    public void EnsureLogits(int rows)
    {
        long bytes = (long)rows * LogitsStride * sizeof(float);
        if (_logits is not null && _logits.ByteLength >= bytes)
            return;
        _logits?.Dispose();
        _logits = new AlignedBuffer(bytes);
    }

    public void Dispose()
    {
        _logits?.Dispose();
        foreach (AlignedBuffer buffer in _buffers)
            buffer.Dispose();
    }

    private float* Allocate(long singles)
    {
        AlignedBuffer buffer = AlignedBuffer.OfSingles(singles);
        _buffers.Add(buffer);
        return buffer.Singles;
    }
}
