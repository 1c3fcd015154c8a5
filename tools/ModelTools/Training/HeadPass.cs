using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Final norm, output head and cross-entropy on those rows that have a target, and their derivative. The other rows
/// never reach the head.
/// </summary>
internal sealed unsafe class HeadPass<TLanes> : IDisposable
    where TLanes : struct, ILanes<TLanes>
{
    private readonly ParameterLayout _layout;
    private readonly LlamaShape _shape;
    private readonly int[] _rows;
    private readonly float[] _factors;
    private readonly RowMatrix _input;
    private readonly RowMatrix _normed;
    private readonly RowMatrix _logits;
    private readonly NativeBuffer _packed;
    private int _count;

    public HeadPass(ParameterLayout layout, int rows)
    {
        _layout = layout;
        _shape = layout.Shape;
        _rows = new int[rows];
        _factors = new float[rows];
        _input = new(rows, _shape.Hidden);
        _normed = new(rows, _shape.Hidden);
        _logits = new(rows, _shape.Vocabulary);
        _packed = new((long)rows * _shape.Hidden);
    }

    /// <summary>Computes the loss; afterwards the logits are replaced by softmax(logits) − onehot(target).</summary>
    public ShardLoss Forward(Shard shard, RowMatrix residual, PackedWeights weights)
    {
        _count = 0;
        for (int row = 0; row < shard.Tokens.Count; row++)
        {
            if (shard.Targets[row] == Shard.NoTarget)
                continue;
            residual.RowSpan(row).CopyTo(_input.RowSpan(_count));
            _factors[_count] = RowOperations<TLanes>.Normalize(
                _input.Row(_count),
                weights.Flat + _layout.FinalNorm,
                (float)_shape.RmsEpsilon,
                _shape.Hidden,
                _normed.Row(_count)
            );
            _rows[_count++] = row;
        }
        MatrixProduct<TLanes>.Multiply(
            _normed.Pointer,
            _normed.Stride,
            1,
            PaddedCount,
            weights.Embedding.Forward,
            _shape.Hidden,
            _shape.Vocabulary,
            _logits.Pointer,
            _logits.Stride
        );

        double sum = 0;
        int correct = 0;
        for (int i = 0; i < _count; i++)
        {
            float* row = _logits.Row(i);
            int target = shard.Targets[_rows[i]];
            float targetLogit = row[target];
            (float maximum, float total) = RowOperations<TLanes>.Exponentiate(row, 1f, _shape.Vocabulary);
            sum += CanonicalMath.Log(total) + maximum - targetLogit;
            if (targetLogit >= maximum)
                correct++;
            RowOperations<TLanes>.Scale(row, 1f / total, _shape.Vocabulary);
            row[target] -= 1f;
        }
        return new(sum, _count, correct);
    }

    /// <summary>
    /// Writes the head's part of the embedding gradient, adds to the final norm's, and adds to the rows of the residual
    /// gradient.
    /// </summary>
    /// <param name="lossScale">
    /// What each target's loss is multiplied with: one over the targets of the whole step.
    /// </param>
    public void Backward(PackedWeights weights, float lossScale, RowMatrix residualGradient, float* gradient)
    {
        int hidden = _shape.Hidden;
        for (int i = 0; i < _count; i++)
            RowOperations<TLanes>.Scale(_logits.Row(i), lossScale, _shape.Vocabulary);
        MatrixPacking.PackRows(_normed.Pointer, _normed.Stride, _count, _count, hidden, _packed.Pointer);
        MatrixProduct<TLanes>.Multiply(
            _logits.Pointer,
            1,
            _logits.Stride,
            _shape.Vocabulary,
            _packed.Pointer,
            _count,
            hidden,
            gradient + _layout.Embedding,
            hidden
        );

        // The normed rows are packed, so their place can take their gradient.
        MatrixProduct<TLanes>.Multiply(
            _logits.Pointer,
            _logits.Stride,
            1,
            PaddedCount,
            weights.Embedding.Backward,
            _shape.Vocabulary,
            hidden,
            _normed.Pointer,
            _normed.Stride
        );
        for (int i = 0; i < _count; i++)
        {
            RowOperations<TLanes>.NormalizeBackward(
                _input.Row(i),
                weights.Flat + _layout.FinalNorm,
                _factors[i],
                _normed.Row(i),
                hidden,
                residualGradient.Row(_rows[i]),
                gradient + _layout.FinalNorm
            );
        }
    }

    public void Dispose()
    {
        _input.Dispose();
        _normed.Dispose();
        _logits.Dispose();
        _packed.Dispose();
    }

    private int PaddedCount => MatrixPacking.RoundUp(_count, ProductTile<TLanes>.Rows);
}
