using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// What a decoder does to one row besides matrix products, and the derivative of each. Widths are multiples of 16; sums
/// run lane by lane and end in <see cref="ILanes{TSelf}.Sum"/>.
/// </summary>
internal static unsafe class RowOperations<TLanes>
    where TLanes : struct, ILanes<TLanes>
{
    private const int Step = ILanes<TLanes>.Count;

    /// <summary>y = x · 1/√(mean(x²) + ε) · gain. Returns the factor 1/√….</summary>
    public static float Normalize(float* x, float* gain, float epsilon, int width, float* y)
    {
        float inverse = 1f / MathF.Sqrt(Dot(x, x, width) / width + epsilon);
        TLanes factor = TLanes.Broadcast(inverse);
        for (int i = 0; i < width; i += Step)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(TLanes.Load(x + i), factor), TLanes.Load(gain + i)), y + i);
        }
        return inverse;
    }

    /// <summary>Adds the derivative of <see cref="Normalize"/> to dx and to the gain's gradient.</summary>
    public static void NormalizeBackward(
        float* x,
        float* gain,
        float inverse,
        float* dy,
        int width,
        float* dx,
        float* gainGradient
    )
    {
        TLanes sum = TLanes.Broadcast(0f);
        for (int i = 0; i < width; i += Step)
        {
            TLanes g = TLanes.Multiply(TLanes.Load(dy + i), TLanes.Load(gain + i));
            sum = TLanes.FusedMultiplyAdd(g, TLanes.Load(x + i), sum);
        }
        TLanes factor = TLanes.Broadcast(inverse);
        TLanes pull = TLanes.Broadcast(-(TLanes.Sum(sum) / width) * inverse * inverse * inverse);
        for (int i = 0; i < width; i += Step)
        {
            TLanes input = TLanes.Load(x + i),
                outer = TLanes.Load(dy + i);
            TLanes g = TLanes.Multiply(outer, TLanes.Load(gain + i));
            TLanes d = TLanes.FusedMultiplyAdd(g, factor, TLanes.Multiply(input, pull));
            TLanes.Store(TLanes.Add(TLanes.Load(dx + i), d), dx + i);
            TLanes gradient = TLanes.FusedMultiplyAdd(
                outer,
                TLanes.Multiply(input, factor),
                TLanes.Load(gainGradient + i)
            );
            TLanes.Store(gradient, gainGradient + i);
        }
    }

    /// <summary>y = gate · σ(gate) · up.</summary>
    public static void SwiGlu(float* gate, float* up, int width, float* y)
    {
        for (int i = 0; i < width; i += Step)
        {
            TLanes g = TLanes.Load(gate + i);
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(g, Sigmoid(g)), TLanes.Load(up + i)), y + i);
        }
    }

    /// <summary>The derivative of <see cref="SwiGlu"/> with respect to gate and up.</summary>
    public static void SwiGluBackward(float* gate, float* up, float* dy, int width, float* dGate, float* dUp)
    {
        TLanes one = TLanes.Broadcast(1f);
        for (int i = 0; i < width; i += Step)
        {
            TLanes g = TLanes.Load(gate + i),
                d = TLanes.Load(dy + i);
            TLanes s = Sigmoid(g);
            TLanes slope = TLanes.Multiply(s, TLanes.FusedMultiplyAdd(g, TLanes.Subtract(one, s), one));
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(d, TLanes.Load(up + i)), slope), dGate + i);
            TLanes.Store(TLanes.Multiply(d, TLanes.Multiply(g, s)), dUp + i);
        }
    }

    /// <summary>
    /// Turns each head of a row by its position: (a, b) → (a·cos − b·sin, b·cos + a·sin) for element i of the first
    /// half and of the second half. The backward direction turns the other way.
    /// </summary>
    public static void Rotate(float* row, int heads, int headDim, float* cos, float* sin, bool backward)
    {
        int half = headDim / 2;
        TLanes direction = TLanes.Broadcast(backward ? -1f : 1f);
        for (int head = 0; head < heads; head++, row += headDim)
        {
            for (int i = 0; i < half; i += Step)
            {
                TLanes a = TLanes.Load(row + i),
                    b = TLanes.Load(row + half + i);
                TLanes c = TLanes.Load(cos + i),
                    s = TLanes.Multiply(TLanes.Load(sin + i), direction);
                TLanes.Store(TLanes.Subtract(TLanes.Multiply(a, c), TLanes.Multiply(b, s)), row + i);
                TLanes.Store(TLanes.Add(TLanes.Multiply(b, c), TLanes.Multiply(a, s)), row + half + i);
            }
        }
    }

    /// <summary>
    /// Replaces a row of scores by exp(score·scale − its maximum). Returns the maximum and the sum of the exponentials.
    /// </summary>
    public static (float Maximum, float Sum) Exponentiate(float* row, float scale, int width)
    {
        TLanes factor = TLanes.Broadcast(scale);
        TLanes highest = TLanes.Multiply(TLanes.Load(row), factor);
        for (int i = 0; i < width; i += Step)
        {
            TLanes score = TLanes.Multiply(TLanes.Load(row + i), factor);
            TLanes.Store(score, row + i);
            highest = TLanes.AtLeast(score, highest);
        }
        float* lanes = stackalloc float[Step];
        TLanes.Store(highest, lanes);
        float maximum = lanes[0];
        for (int i = 1; i < Step; i++)
            maximum = lanes[i] >= maximum ? lanes[i] : maximum;

        TLanes offset = TLanes.Broadcast(maximum),
            sum = TLanes.Broadcast(0f);
        for (int i = 0; i < width; i += Step)
        {
            TLanes e = CanonicalMath.Exp(TLanes.Subtract(TLanes.Load(row + i), offset));
            TLanes.Store(e, row + i);
            sum = TLanes.Add(sum, e);
        }
        return (maximum, TLanes.Sum(sum));
    }

    public static void Scale(float* row, float factor, int width)
    {
        TLanes f = TLanes.Broadcast(factor);
        for (int i = 0; i < width; i += Step)
            TLanes.Store(TLanes.Multiply(TLanes.Load(row + i), f), row + i);
    }

    /// <summary>target += source.</summary>
    public static void Add(float* source, int width, float* target)
    {
        for (int i = 0; i < width; i += Step)
        {
            TLanes.Store(TLanes.Add(TLanes.Load(target + i), TLanes.Load(source + i)), target + i);
        }
    }

    public static float Dot(float* a, float* b, int width)
    {
        TLanes sum = TLanes.Broadcast(0f);
        for (int i = 0; i < width; i += Step)
            sum = TLanes.FusedMultiplyAdd(TLanes.Load(a + i), TLanes.Load(b + i), sum);
        return TLanes.Sum(sum);
    }

    private static TLanes Sigmoid(TLanes x)
    {
        TLanes one = TLanes.Broadcast(1f);
        return TLanes.Divide(one, TLanes.Add(one, CanonicalMath.Exp(TLanes.Subtract(TLanes.Broadcast(0f), x))));
    }
}
