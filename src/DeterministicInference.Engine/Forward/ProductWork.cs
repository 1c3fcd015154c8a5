using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Engine.Forward;

/// <summary>A matrix product split by output rows; a sum is never split.</summary>
internal sealed class ProductWork : IParallelWork
{
    // More parts than threads, so that a thread that was interrupted does not hold up the others for long.
    private const int PartsPerThread = 4;
    private const int RowAlignment = 8;

    private MatrixProduct _product;
    private int _rowsPerPart;

    public int Parts { get; private set; }

    public void Prepare(WeightMatrix weights, nint x, int xStride, int tokens, nint y, int yStride, int threads)
    {
        _product = new MatrixProduct(weights, 0, 0, x, xStride, tokens, y, yStride);
        int rows = (weights.Rows + threads * PartsPerThread - 1) / (threads * PartsPerThread);
        _rowsPerPart = (rows + RowAlignment - 1) / RowAlignment * RowAlignment;
        Parts = (weights.Rows + _rowsPerPart - 1) / _rowsPerPart;
    }

    public void Execute(int part, int worker)
    {
        int first = part * _rowsPerPart;
        Instructions.Run(
            _product with
            {
                FirstRow = first,
                EndRow = Math.Min(first + _rowsPerPart, _product.Weights.Rows),
            }
        );
    }
}

/// <summary>An operation on each token of a batch, split by tokens.</summary>
internal sealed class TokenWork : IParallelWork
{
    private Action<long>? _perToken;
    private int _rows;
    private int _rowsPerPart;

    public int Parts { get; private set; }

    public void Prepare(Action<long> perToken, int rows, int threads)
    {
        _perToken = perToken;
        _rows = rows;
        Parts = Math.Min(rows, threads * 2);
        _rowsPerPart = (rows + Parts - 1) / Parts;
    }

    public void Execute(int part, int worker)
    {
        for (int t = part * _rowsPerPart; t < Math.Min((part + 1) * _rowsPerPart, _rows); t++)
            _perToken!(t);
    }
}
