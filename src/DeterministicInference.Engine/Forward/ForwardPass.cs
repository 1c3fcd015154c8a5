using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Engine.Model;

namespace DeterministicInference.Engine.Forward;

/// <summary>
/// The transformer: token ids in, logits out, for a batch of tokens that may belong to any mix of sequences.
/// A token's result depends on its sequence alone, bit for bit: the batch only shares the reading of the weights.
/// For one caller at a time.
/// </summary>
internal sealed unsafe class ForwardPass : IDisposable
{
    /// <summary>Below this many multiply-adds a product is cheaper on one thread than handed out.</summary>
    private const long ParallelThreshold = 200_000;

    private readonly ModelConfig _config;
    private readonly LlamaWeights _weights;
    private readonly WorkerPool _workers;
    private readonly RotaryFrequencies _rotary;
    private readonly ForwardScratch _scratch;
    private readonly AttentionWork _attention;
    private readonly ProductWork _product = new();
    private readonly TokenWork _tokens = new();

    /// <param name="config">Shape of the model.</param>
    /// <param name="weights">Its weights; not owned.</param>
    /// <param name="workers">Threads; not owned.</param>
    /// <param name="maximumRows">Most tokens of one batch.</param>
    public ForwardPass(ModelConfig config, LlamaWeights weights, WorkerPool workers, int maximumRows)
    {
        _config = config;
        _weights = weights;
        _workers = workers;
        MaximumRows = maximumRows;
        _rotary = new RotaryFrequencies(config.HeadDimension, config.RopeTheta);
        _scratch = new ForwardScratch(config, maximumRows, workers.Threads);
        _attention = new AttentionWork(config, _scratch);
    }

    public int MaximumRows { get; }

    /// <summary>Computes the batch and stores its keys and values.</summary>
    /// <param name="rows">At most <see cref="MaximumRows"/>; the tokens of a sequence in rising position.</param>
    public void Run(ReadOnlySpan<BatchRow> rows)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.Length, MaximumRows);
        ForwardScratch s = _scratch;
        for (int t = 0; t < rows.Length; t++)
        {
            Embed(rows[t].Token, s.Residual + (long)t * s.HiddenStride);
            _rotary.Fill(rows[t].Position, s.Cos(t), s.Sin(t));
        }

        for (int i = 0; i < _weights.Layers.Count; i++)
        {
            LlamaLayer layer = _weights.Layers[i];
            Normalize(layer.AttentionNorm, s.Residual, rows.Length);
            Multiply(
                layer.QueryKeyValue,
                s.Normalized,
                s.HiddenStride,
                rows.Length,
                s.QueryKeyValue,
                s.QueryKeyValueStride
            );
            _attention.Begin(rows, i);
            RunTokens(rows.Length, _attention.Rotate);
            _workers.Run(_attention, _attention.Parts(_workers.Threads));
            Multiply(layer.Output, s.Attention, s.AttentionStride, rows.Length, s.Update, s.HiddenStride);
            AddUpdate(rows.Length);

            Normalize(layer.FeedForwardNorm, s.Residual, rows.Length);
            Multiply(layer.GateUp, s.Normalized, s.HiddenStride, rows.Length, s.GateUp, s.GateUpStride);
            RunTokens(
                rows.Length,
                t =>
                    Instructions.Run(
                        new SwiGlu(
                            (nint)(s.GateUp + t * s.GateUpStride),
                            (nint)(s.Activated + t * s.IntermediateStride),
                            _config.IntermediateSize
                        )
                    )
            );
            Multiply(layer.Down, s.Activated, s.IntermediateStride, rows.Length, s.Update, s.HiddenStride);
            AddUpdate(rows.Length);
        }
        Logits(rows);
    }

    /// <summary>The logits of the n-th row of the last batch that wanted them; valid until the next batch.</summary>
    public Span<float> LogitsOf(int n) =>
        new(_scratch.Logits + (long)n * _scratch.LogitsStride, _config.VocabularySize);

    public void Dispose() => _scratch.Dispose();

    private void Logits(ReadOnlySpan<BatchRow> rows)
    {
        ForwardScratch s = _scratch;
        int wanted = 0;
        for (int t = 0; t < rows.Length; t++)
        {
            if (!rows[t].WantsLogits)
                continue;
            Instructions.Run(
                new RmsNorm(
                    (nint)(s.Residual + (long)t * s.HiddenStride),
                    (nint)_weights.FinalNorm.Singles,
                    (nint)(s.Normalized + (long)wanted * s.HiddenStride),
                    _config.HiddenSize,
                    _config.NormEpsilon
                )
            );
            wanted++;
        }
        if (wanted == 0)
            return;
        s.EnsureLogits(wanted);
        Multiply(_weights.Head, s.Normalized, s.HiddenStride, wanted, s.Logits, s.LogitsStride);
    }

    private void Embed(int token, float* target)
    {
        WeightMatrix embedding = _weights.Embedding;
        if (!embedding.IsBFloat16)
        {
            embedding.SingleRow(token).CopyTo(new Span<float>(target, embedding.Stride));
            return;
        }
        Span<ushort> row = embedding.BFloat16Row(token);
        for (int i = 0; i < row.Length; i++)
            target[i] = BitConverter.UInt32BitsToSingle((uint)row[i] << 16);
    }

    private void Normalize(AlignedBuffer gain, float* source, int rows)
    {
        ForwardScratch s = _scratch;
        RunTokens(
            rows,
            t =>
                Instructions.Run(
                    new RmsNorm(
                        (nint)(source + t * s.HiddenStride),
                        (nint)gain.Singles,
                        (nint)(s.Normalized + t * s.HiddenStride),
                        _config.HiddenSize,
                        _config.NormEpsilon
                    )
                )
        );
    }

    private void AddUpdate(int rows) =>
        Instructions.Run(new AddTo((nint)_scratch.Residual, (nint)_scratch.Update, rows * _scratch.HiddenStride));

    private void Multiply(WeightMatrix weights, float* x, int xStride, int rows, float* y, int yStride)
    {
        long work = (long)weights.Rows * weights.Columns * rows;
        if (work < ParallelThreshold)
        {
            Instructions.Run(new MatrixProduct(weights, 0, weights.Rows, (nint)x, xStride, rows, (nint)y, yStride));
            return;
        }
        _product.Prepare(weights, (nint)x, xStride, rows, (nint)y, yStride, _workers.Threads);
        _workers.Run(_product, _product.Parts);
    }

    private void RunTokens(int rows, Action<long> perToken)
    {
        if (rows < 16)
        {
            for (int t = 0; t < rows; t++)
                perToken(t);
            return;
        }
        _tokens.Prepare(perToken, rows, _workers.Threads);
        _workers.Run(_tokens, _tokens.Parts);
    }
}
