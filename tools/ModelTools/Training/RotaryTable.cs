using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// cos and sin of position · θ^(−2i/headDim), computed in double precision and rounded once. Row p holds headDim/2
/// values.
/// </summary>
internal sealed unsafe class RotaryTable : IDisposable
{
    private readonly NativeBuffer _cos;
    private readonly NativeBuffer _sin;
    private readonly int _half;

    public RotaryTable(int headDim, int positions, double theta)
    {
        _half = headDim / 2;
        _cos = new((long)positions * _half);
        _sin = new((long)positions * _half);
        double logTheta = CanonicalMath.Log(theta);
        for (int i = 0; i < _half; i++)
        {
            double frequency = CanonicalMath.Exp(-2.0 * i / headDim * logTheta);
            for (int position = 0; position < positions; position++)
            {
                (double sin, double cos) = CanonicalMath.SinCos(position * frequency);
                _cos.Span[position * _half + i] = (float)cos;
                _sin.Span[position * _half + i] = (float)sin;
            }
        }
    }

    public float* Cos(int position) => _cos.Pointer + (nint)position * _half;

    public float* Sin(int position) => _sin.Pointer + (nint)position * _half;

    public void Dispose()
    {
        _cos.Dispose();
        _sin.Dispose();
    }
}
