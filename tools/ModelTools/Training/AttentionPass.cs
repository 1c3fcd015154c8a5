using System.Runtime.CompilerServices;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.ModelTools.Model;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Causal attention within one document, and its derivative. Rows of the packed query/key/value matrix are already
/// rotated. Documents of any length are copied into tiles whose rows up to the next multiple of eight are zero.
/// </summary>
internal sealed unsafe class AttentionPass<TLanes> : IDisposable
    where TLanes : struct, ILanes<TLanes>
{
    private const int Lanes = ILanes<TLanes>.Count;
    private readonly LlamaShape _shape;
    private readonly int _headDim;
    private readonly float _scale;
    private readonly NativeBuffer _rowsTile;
    private readonly NativeBuffer _outputTile;
    private readonly NativeBuffer _keys;
    private readonly NativeBuffer _values;
    private readonly NativeBuffer _packedRows;
    private readonly NativeBuffer _scores;
    private readonly NativeBuffer _keyGradient;
    private readonly NativeBuffer _valueGradient;

    public AttentionPass(LlamaShape shape, int longestDocument)
    {
        _shape = shape;
        _headDim = shape.HeadDim;
        _scale = 1f / MathF.Sqrt(_headDim);
        long rows = MatrixPacking.RoundUp(longestDocument, MatrixPacking.PanelWidth);
        _rowsTile = new(rows * _headDim);
        _outputTile = new(rows * _headDim);
        _keys = new(rows * _headDim);
        _values = new(rows * _headDim);
        _packedRows = new(rows * _headDim);
        _keyGradient = new(rows * _headDim);
        _valueGradient = new(rows * _headDim);
        _scores = new(rows * rows);
    }

    /// <summary>Floats that the attention weights of one head need for a document.</summary>
    public static int WeightsLength(int documentLength) =>
        RowCount(documentLength) * MatrixPacking.RoundUp(documentLength, MatrixPacking.PanelWidth);

    /// <summary>Computes the heads' outputs and keeps the attention weights.</summary>
    /// <param name="qkv">The document's first row of queries, keys and values.</param>
    /// <param name="stride">Distance of rows in <paramref name="qkv"/>.</param>
    /// <param name="length">Tokens of the document.</param>
    /// <param name="weights">Receives the attention weights, head after head.</param>
    /// <param name="output">The document's first output row.</param>
    /// <param name="outputStride">Distance of rows in <paramref name="output"/>.</param>
    public void Forward(float* qkv, nint stride, int length, float* weights, float* output, nint outputStride)
    {
        int rows = RowCount(length);
        int columns = MatrixPacking.RoundUp(length, MatrixPacking.PanelWidth);
        int group = _shape.Heads / _shape.KeyValueHeads;
        for (int head = 0; head < _shape.Heads; head++)
        {
            if (head % group == 0)
            {
                float* key = qkv + _shape.QueryWidth + head / group * _headDim;
                MatrixPacking.PackTransposed(key, stride, _headDim, length, _keys.Pointer);
                MatrixPacking.PackRows(key + _shape.KeyValueWidth, stride, length, rows, _headDim, _values.Pointer);
            }
            float* p = weights + (nint)head * rows * columns;
            CopyIn(qkv + head * _headDim, stride, length, rows);
            MatrixProduct<TLanes>.Multiply(
                _rowsTile.Pointer,
                _headDim,
                1,
                rows,
                _keys.Pointer,
                _headDim,
                columns,
                p,
                columns,
                ProductRegion.LowerOutput
            );
            for (int i = 0; i < length; i++)
                Softmax(p + (nint)i * columns, i);
            for (int i = length; i < rows; i++)
                new Span<float>(p + (nint)i * columns, Touched(i)).Clear();
            MatrixProduct<TLanes>.Multiply(
                p,
                columns,
                1,
                rows,
                _values.Pointer,
                rows,
                _headDim,
                _outputTile.Pointer,
                _headDim,
                ProductRegion.LowerLeft
            );
            CopyOut(_outputTile, length, output + head * _headDim, outputStride);
        }
    }

    /// <summary>Computes the gradient of <paramref name="qkv"/> from that of the outputs.</summary>
    public void Backward(
        float* qkv,
        nint stride,
        int length,
        float* weights,
        float* output,
        float* outputGradient,
        nint outputStride,
        float* qkvGradient
    )
    {
        int rows = RowCount(length);
        int columns = MatrixPacking.RoundUp(length, MatrixPacking.PanelWidth);
        int group = _shape.Heads / _shape.KeyValueHeads;
        for (int head = 0; head < _shape.Heads; head++)
        {
            int keyOffset = _shape.QueryWidth + head / group * _headDim;
            int valueOffset = keyOffset + _shape.KeyValueWidth;
            bool firstOfGroup = head % group == 0;
            if (firstOfGroup)
            {
                MatrixPacking.PackTransposed(qkv + valueOffset, stride, _headDim, length, _values.Pointer);
                MatrixPacking.PackRows(qkv + keyOffset, stride, length, rows, _headDim, _keys.Pointer);
            }
            float* p = weights + (nint)head * rows * columns;
            float* dOut = outputGradient + head * _headDim;

            // dV += Pᵀ·dO
            MatrixPacking.PackRows(dOut, outputStride, length, rows, _headDim, _packedRows.Pointer);
            MatrixProduct<TLanes>.Multiply(
                p,
                1,
                columns,
                rows,
                _packedRows.Pointer,
                rows,
                _headDim,
                _valueGradient.Pointer,
                _headDim,
                ProductRegion.UpperLeft,
                proceed: !firstOfGroup
            );

            // dS = P ∘ (dO·Vᵀ − rowsum(dO ∘ O)) · scale
            CopyIn(dOut, outputStride, length, rows);
            MatrixProduct<TLanes>.Multiply(
                _rowsTile.Pointer,
                _headDim,
                1,
                rows,
                _values.Pointer,
                _headDim,
                columns,
                _scores.Pointer,
                columns,
                ProductRegion.LowerOutput
            );
            for (int i = 0; i < rows; i++)
            {
                float dot =
                    i < length
                        ? RowOperations<TLanes>.Dot(
                            dOut + i * outputStride,
                            output + head * _headDim + i * outputStride,
                            _headDim
                        )
                        : 0f;
                ScoreGradient(p + (nint)i * columns, dot, _scores.Pointer + (nint)i * columns, Touched(i));
            }

            // dQ = dS·K, dK += dSᵀ·Q
            MatrixProduct<TLanes>.Multiply(
                _scores.Pointer,
                columns,
                1,
                rows,
                _keys.Pointer,
                rows,
                _headDim,
                _outputTile.Pointer,
                _headDim,
                ProductRegion.LowerLeft
            );
            CopyOut(_outputTile, length, qkvGradient + head * _headDim, stride);
            MatrixPacking.PackRows(qkv + head * _headDim, stride, length, rows, _headDim, _packedRows.Pointer);
            MatrixProduct<TLanes>.Multiply(
                _scores.Pointer,
                1,
                columns,
                rows,
                _packedRows.Pointer,
                rows,
                _headDim,
                _keyGradient.Pointer,
                _headDim,
                ProductRegion.UpperLeft,
                proceed: !firstOfGroup
            );
            if (head % group == group - 1)
            {
                CopyOut(_keyGradient, length, qkvGradient + keyOffset, stride);
                CopyOut(_valueGradient, length, qkvGradient + valueOffset, stride);
            }
        }
    }

    public void Dispose()
    {
        NativeBuffer[] buffers =
        [
            _rowsTile,
            _outputTile,
            _keys,
            _values,
            _packedRows,
            _scores,
            _keyGradient,
            _valueGradient,
        ];
        foreach (NativeBuffer buffer in buffers)
            buffer.Dispose();
    }

    private static int RowCount(int length) => MatrixPacking.RoundUp(length, ProductTile<TLanes>.Rows);

    /// <summary>Columns of row i that any product may read, all in whole lane groups.</summary>
    private static int Touched(int row) => MatrixPacking.RoundUp(row + 1, Lanes);

    private void Softmax(float* row, int position)
    {
        int width = Touched(position);
        // Far below any score, so that the exponential is exactly zero.
        for (int j = position + 1; j < width; j++)
            row[j] = -1e30f;
        (_, float sum) = RowOperations<TLanes>.Exponentiate(row, _scale, width);
        RowOperations<TLanes>.Scale(row, 1f / sum, width);
    }

    private void ScoreGradient(float* p, float dot, float* scores, int width)
    {
        TLanes offset = TLanes.Broadcast(dot),
            scale = TLanes.Broadcast(_scale);
        for (int j = 0; j < width; j += Lanes)
        {
            TLanes d = TLanes.Multiply(TLanes.Load(p + j), TLanes.Subtract(TLanes.Load(scores + j), offset));
            TLanes.Store(TLanes.Multiply(d, scale), scores + j);
        }
    }

    private void CopyIn(float* source, nint stride, int length, int rows)
    {
        float* tile = _rowsTile.Pointer;
        for (int i = 0; i < length; i++)
            Unsafe.CopyBlock(tile + i * _headDim, source + i * stride, (uint)_headDim * sizeof(float));
        new Span<float>(tile + length * _headDim, (rows - length) * _headDim).Clear();
    }

    private void CopyOut(NativeBuffer tile, int length, float* target, nint stride)
    {
        for (int i = 0; i < length; i++)
        {
            Unsafe.CopyBlock(target + i * stride, tile.Pointer + i * _headDim, (uint)_headDim * sizeof(float));
        }
    }
}
