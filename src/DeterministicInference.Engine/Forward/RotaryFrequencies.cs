using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.Engine.Forward;

/// <summary>
/// Rotary position embedding: cos and sin of position·θ^(−2i/d) for i &lt; d/2, computed in double precision and
/// rounded once.
/// </summary>
internal sealed class RotaryFrequencies
{
    private readonly double[] _inverseFrequencies;

    public RotaryFrequencies(int headDimension, double theta)
    {
        _inverseFrequencies = new double[headDimension / 2];
        double logTheta = CanonicalMath.Log(theta);
        for (int i = 0; i < _inverseFrequencies.Length; i++)
        {
            _inverseFrequencies[i] = CanonicalMath.Exp(-(2.0 * i / headDimension) * logTheta);
        }
    }

    /// <summary>Angles per position: half the head width.</summary>
    public int Count => _inverseFrequencies.Length;

    public void Fill(int position, Span<float> cos, Span<float> sin)
    {
        for (int i = 0; i < _inverseFrequencies.Length; i++)
        {
            (double s, double c) = CanonicalMath.SinCos(position * _inverseFrequencies[i]);
            cos[i] = (float)c;
            sin[i] = (float)s;
        }
    }
}
