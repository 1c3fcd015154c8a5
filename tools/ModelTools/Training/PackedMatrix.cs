namespace DeterministicInference.ModelTools.Training;

/// <summary>A weight matrix W [outputs, inputs] packed for both directions.</summary>
internal sealed unsafe class PackedMatrix(int offset, int outputs, int inputs) : IDisposable
{
    private readonly NativeBuffer _forward = new((long)outputs * inputs);
    private readonly NativeBuffer _backward = new((long)outputs * inputs);

    public int Outputs => outputs;

    public int Inputs => inputs;

    /// <summary>Wᵀ as the right-hand side of Y = X·Wᵀ.</summary>
    public float* Forward => _forward.Pointer;

    /// <summary>W as the right-hand side of dX = dY·W.</summary>
    public float* Backward => _backward.Pointer;

    /// <summary>Takes over the current weights.</summary>
    public void Pack(float* weights)
    {
        MatrixPacking.PackTransposed(weights + offset, inputs, inputs, outputs, _forward.Pointer);
        MatrixPacking.PackRows(weights + offset, inputs, outputs, outputs, inputs, _backward.Pointer);
    }

    public void Dispose()
    {
        _forward.Dispose();
        _backward.Dispose();
    }
}
