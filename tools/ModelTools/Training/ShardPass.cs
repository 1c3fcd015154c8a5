using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary><see cref="IShardPass"/> of the Llama decoder in one implementation of the lanes.</summary>
internal sealed unsafe class ShardPass<TLanes> : IShardPass
    where TLanes : struct, ILanes<TLanes>
{
    private readonly ParameterLayout _layout;
    private readonly LlamaShape _shape;
    private readonly float _epsilon;
    private readonly RotaryTable _rotary;
    private readonly AttentionPass<TLanes> _attention;
    private readonly HeadPass<TLanes> _head;
    private readonly LayerActivations[] _layers;
    private readonly RowMatrix _final;
    private readonly RowMatrix _residualGradient;
    private readonly RowMatrix _hiddenGradient;
    private readonly RowMatrix _activatedGradient;
    private readonly RowMatrix _gateUpGradient;
    private readonly RowMatrix _attentionGradient;
    private readonly RowMatrix _qkvGradient;
    private readonly NativeBuffer _packed;

    /// <summary>
    /// Allocates for shards of up to <paramref name="maxTokens"/> tokens in documents of up to
    /// <paramref name="maxDocument"/>.
    /// </summary>
    public ShardPass(ParameterLayout layout, int maxTokens, int maxDocument)
    {
        _layout = layout;
        _shape = layout.Shape;
        _epsilon = (float)_shape.RmsEpsilon;
        _rotary = new(_shape.HeadDim, maxDocument, _shape.RopeTheta);
        _attention = new(_shape, maxDocument);
        _head = new(layout, maxTokens);
        int qkvWidth = _shape.QueryWidth + 2 * _shape.KeyValueWidth;
        int weightsPerToken = Enumerable
            .Range(1, maxDocument)
            .Max(length => (AttentionPass<TLanes>.WeightsLength(length) + length - 1) / length);
        _layers = new LayerActivations[_shape.Layers];
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = new(_shape, maxTokens, checked(maxTokens * weightsPerToken * _shape.Heads));
        }
        _final = new(maxTokens, _shape.Hidden);
        _residualGradient = new(maxTokens, _shape.Hidden);
        _hiddenGradient = new(maxTokens, _shape.Hidden);
        _activatedGradient = new(maxTokens, _shape.Intermediate);
        _gateUpGradient = new(maxTokens, 2 * _shape.Intermediate);
        _attentionGradient = new(maxTokens, _shape.QueryWidth);
        _qkvGradient = new(maxTokens, qkvWidth);
        _packed = new((long)maxTokens * Math.Max(_shape.Intermediate, Math.Max(_shape.Hidden, _shape.QueryWidth)));
    }

    public ShardLoss Forward(Shard shard, PackedWeights weights)
    {
        for (int row = 0; row < shard.Tokens.Count; row++)
        {
            new Span<float>(
                weights.Flat + _layout.Embedding + (nint)shard.Tokens[row] * _shape.Hidden,
                _shape.Hidden
            ).CopyTo(Stream(0).RowSpan(row));
        }
        for (int layer = 0; layer < _layers.Length; layer++)
        {
            AttentionForward(shard, layer, weights);
            FeedForward(shard, layer, weights);
        }
        return _head.Forward(shard, _final, weights);
    }

    public ShardLoss ForwardBackward(Shard shard, PackedWeights weights, float lossScale, float* gradient)
    {
        ShardLoss loss = Forward(shard, weights);
        foreach (ParameterTensor tensor in _layout.Tensors)
        {
            // The products write all other gradients whole; those of the norms are added row by row.
            if (tensor.Tensor.Role == LlamaTensorRole.Norm)
                new Span<float>(gradient + tensor.Offset, tensor.Length).Clear();
        }
        for (int row = 0; row < shard.Tokens.Count; row++)
            _residualGradient.RowSpan(row).Clear();
        _head.Backward(weights, lossScale, _residualGradient, gradient);
        for (int layer = _layers.Length - 1; layer >= 0; layer--)
        {
            FeedForwardBackward(shard, layer, weights, gradient);
            AttentionBackward(shard, layer, weights, gradient);
        }
        for (int row = 0; row < shard.Tokens.Count; row++)
        {
            float* target = gradient + _layout.Embedding + (nint)shard.Tokens[row] * _shape.Hidden;
            RowOperations<TLanes>.Add(_residualGradient.Row(row), _shape.Hidden, target);
        }
        return loss;
    }

    public void Dispose()
    {
        foreach (LayerActivations layer in _layers)
            layer.Dispose();
        RowMatrix[] matrices =
        [
            _final,
            _residualGradient,
            _hiddenGradient,
            _activatedGradient,
            _gateUpGradient,
            _attentionGradient,
            _qkvGradient,
        ];
        foreach (RowMatrix matrix in matrices)
            matrix.Dispose();
        _packed.Dispose();
        _rotary.Dispose();
        _attention.Dispose();
        _head.Dispose();
    }

    /// <summary>The residual stream before a layer, or after the last one.</summary>
    private RowMatrix Stream(int layer) => layer < _layers.Length ? _layers[layer].Input : _final;

    private void AttentionForward(Shard shard, int layer, PackedWeights weights)
    {
        LayerActivations kept = _layers[layer];
        int rows = shard.Tokens.Count;
        Normalize(kept.Input, weights.Flat + _layout.AttentionNorm(layer), rows, kept.InputFactors, kept.Normed);
        Project(kept.Normed, rows, weights.QueryKeyValue(layer), kept.QueryKeyValue, proceed: false);
        Rotate(shard, kept.QueryKeyValue, backward: false);
        int offset = 0;
        foreach ((int start, int length) in shard.Documents)
        {
            _attention.Forward(
                kept.QueryKeyValue.Row(start),
                kept.QueryKeyValue.Stride,
                length,
                kept.AttentionWeights.Pointer + offset,
                kept.Attention.Row(start),
                kept.Attention.Stride
            );
            offset += AttentionPass<TLanes>.WeightsLength(length) * _shape.Heads;
        }
        Copy(kept.Input, kept.Middle, rows);
        Project(kept.Attention, rows, weights.AttentionOutput(layer), kept.Middle, proceed: true);
    }

    private void FeedForward(Shard shard, int layer, PackedWeights weights)
    {
        LayerActivations kept = _layers[layer];
        int rows = shard.Tokens.Count;
        Normalize(
            kept.Middle,
            weights.Flat + _layout.FeedForwardNorm(layer),
            rows,
            kept.MiddleFactors,
            kept.MiddleNormed
        );
        Project(kept.MiddleNormed, rows, weights.GateUp(layer), kept.GateUp, proceed: false);
        for (int row = 0; row < rows; row++)
        {
            float* gate = kept.GateUp.Row(row);
            RowOperations<TLanes>.SwiGlu(
                gate,
                gate + _shape.Intermediate,
                _shape.Intermediate,
                kept.Activated.Row(row)
            );
        }
        Copy(kept.Middle, Stream(layer + 1), rows);
        Project(kept.Activated, rows, weights.Down(layer), Stream(layer + 1), proceed: true);
    }

    private void FeedForwardBackward(Shard shard, int layer, PackedWeights weights, float* gradient)
    {
        LayerActivations kept = _layers[layer];
        int rows = shard.Tokens.Count;
        Unproject(_residualGradient, rows, weights.Down(layer), _activatedGradient);
        WeightGradient(_residualGradient, kept.Activated, rows, gradient + _layout.Down(layer));
        for (int row = 0; row < rows; row++)
        {
            float* gate = kept.GateUp.Row(row);
            float* gateGradient = _gateUpGradient.Row(row);
            RowOperations<TLanes>.SwiGluBackward(
                gate,
                gate + _shape.Intermediate,
                _activatedGradient.Row(row),
                _shape.Intermediate,
                gateGradient,
                gateGradient + _shape.Intermediate
            );
        }
        WeightGradient(_gateUpGradient, kept.MiddleNormed, rows, gradient + _layout.GateUp(layer));
        Unproject(_gateUpGradient, rows, weights.GateUp(layer), _hiddenGradient);
        NormalizeBackward(kept.Middle, kept.MiddleFactors, rows, weights, _layout.FeedForwardNorm(layer), gradient);
    }

    private void AttentionBackward(Shard shard, int layer, PackedWeights weights, float* gradient)
    {
        LayerActivations kept = _layers[layer];
        int rows = shard.Tokens.Count;
        Unproject(_residualGradient, rows, weights.AttentionOutput(layer), _attentionGradient);
        WeightGradient(_residualGradient, kept.Attention, rows, gradient + _layout.AttentionOutput(layer));
        int offset = 0;
        foreach ((int start, int length) in shard.Documents)
        {
            _attention.Backward(
                kept.QueryKeyValue.Row(start),
                kept.QueryKeyValue.Stride,
                length,
                kept.AttentionWeights.Pointer + offset,
                kept.Attention.Row(start),
                _attentionGradient.Row(start),
                kept.Attention.Stride,
                _qkvGradient.Row(start)
            );
            offset += AttentionPass<TLanes>.WeightsLength(length) * _shape.Heads;
        }
        Rotate(shard, _qkvGradient, backward: true);
        WeightGradient(_qkvGradient, kept.Normed, rows, gradient + _layout.QueryKeyValue(layer));
        Unproject(_qkvGradient, rows, weights.QueryKeyValue(layer), _hiddenGradient);
        NormalizeBackward(kept.Input, kept.InputFactors, rows, weights, _layout.AttentionNorm(layer), gradient);
    }

    private void Normalize(RowMatrix x, float* gain, int rows, float[] factors, RowMatrix y)
    {
        for (int row = 0; row < rows; row++)
        {
            factors[row] = RowOperations<TLanes>.Normalize(x.Row(row), gain, _epsilon, x.Columns, y.Row(row));
        }
    }

    /// <summary>
    /// Adds to the residual gradient what flows through the norm whose output's gradient is in the hidden gradient.
    /// </summary>
    private void NormalizeBackward(
        RowMatrix x,
        float[] factors,
        int rows,
        PackedWeights weights,
        int gain,
        float* gradient
    )
    {
        for (int row = 0; row < rows; row++)
        {
            RowOperations<TLanes>.NormalizeBackward(
                x.Row(row),
                weights.Flat + gain,
                factors[row],
                _hiddenGradient.Row(row),
                x.Columns,
                _residualGradient.Row(row),
                gradient + gain
            );
        }
    }

    private void Rotate(Shard shard, RowMatrix qkv, bool backward)
    {
        int heads = _shape.Heads + _shape.KeyValueHeads;
        foreach ((int start, int length) in shard.Documents)
        {
            for (int i = 0; i < length; i++)
            {
                RowOperations<TLanes>.Rotate(
                    qkv.Row(start + i),
                    heads,
                    _shape.HeadDim,
                    _rotary.Cos(i),
                    _rotary.Sin(i),
                    backward
                );
            }
        }
    }

    /// <summary>Y (+)= X·Wᵀ. Rows up to the next multiple of eight are computed too and mean nothing.</summary>
    private static void Project(RowMatrix x, int rows, PackedMatrix w, RowMatrix y, bool proceed) =>
        MatrixProduct<TLanes>.Multiply(
            x.Pointer,
            x.Stride,
            1,
            Padded(rows),
            w.Forward,
            w.Inputs,
            w.Outputs,
            y.Pointer,
            y.Stride,
            proceed: proceed
        );

    /// <summary>dX = dY·W.</summary>
    private static void Unproject(RowMatrix dy, int rows, PackedMatrix w, RowMatrix dx) =>
        MatrixProduct<TLanes>.Multiply(
            dy.Pointer,
            dy.Stride,
            1,
            Padded(rows),
            w.Backward,
            w.Outputs,
            w.Inputs,
            dx.Pointer,
            dx.Stride
        );

    /// <summary>dW = dYᵀ·X.</summary>
    private void WeightGradient(RowMatrix dy, RowMatrix x, int rows, float* gradient)
    {
        MatrixPacking.PackRows(x.Pointer, x.Stride, rows, rows, x.Columns, _packed.Pointer);
        MatrixProduct<TLanes>.Multiply(
            dy.Pointer,
            1,
            dy.Stride,
            dy.Columns,
            _packed.Pointer,
            rows,
            x.Columns,
            gradient,
            x.Columns
        );
    }

    private static void Copy(RowMatrix source, RowMatrix target, int rows)
    {
        for (int row = 0; row < Padded(rows); row++)
            source.RowSpan(row).CopyTo(target.RowSpan(row));
    }

    private static int Padded(int rows) => MatrixPacking.RoundUp(rows, ProductTile<TLanes>.Rows);
}
