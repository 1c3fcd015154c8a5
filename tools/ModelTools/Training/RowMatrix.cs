namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// A matrix of activations, one token per row. Rows are one cache line longer than their content: without it, columns
/// of power-of-two widths would fall into few cache sets.
/// </summary>
internal sealed unsafe class RowMatrix(int rows, int columns) : IDisposable
{
    private const int Padding = 16;
    private readonly NativeBuffer _buffer = new((long)MatrixPacking.RoundUp(rows, 8) * (columns + Padding));

    public int Columns => columns;

    /// <summary>Floats from a row to the next.</summary>
    public nint Stride => columns + Padding;

    public float* Pointer => _buffer.Pointer;

    public float* Row(int index) => _buffer.Pointer + index * Stride;

    public Span<float> RowSpan(int index) => new(Row(index), columns);

    public void Dispose() => _buffer.Dispose();
}
