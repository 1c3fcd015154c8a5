namespace DeterministicInference.Engine.Arithmetic;

/// <summary>
/// A matrix of weights in memory: rows are outputs, columns inputs. Every row is padded with zeros to whole
/// <see cref="ILanes{TSelf}"/>, because a kernel reads whole lanes and the padding adds +0 products only.
/// </summary>
internal sealed unsafe class WeightMatrix : IDisposable
{
    private readonly AlignedBuffer _buffer;

    public WeightMatrix(int rows, int columns, bool isBFloat16)
    {
        Rows = rows;
        Columns = columns;
        Stride = Instructions.Padded(columns);
        IsBFloat16 = isBFloat16;
        _buffer = new AlignedBuffer((long)rows * Stride * (isBFloat16 ? sizeof(ushort) : sizeof(float)));
    }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Elements from one row to the next; a multiple of the lane count.</summary>
    public int Stride { get; }

    public bool IsBFloat16 { get; }

    /// <summary>Added to every output, or null.</summary>
    public float[]? Bias { get; init; }

    public long ByteLength => _buffer.ByteLength;

    public float* Singles => _buffer.Singles;

    public ushort* BFloat16s => _buffer.UInt16s;

    public Span<float> SingleRow(int row) => new(Singles + (long)row * Stride, Stride);

    public Span<ushort> BFloat16Row(int row) => new(BFloat16s + (long)row * Stride, Stride);

    public void Dispose() => _buffer.Dispose();
}
