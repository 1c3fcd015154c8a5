using System.Runtime.CompilerServices;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>Y = X / √(mean(X²) + ε) · gain, all of padded length; the padding of the gain is zero.</summary>
internal readonly unsafe record struct RmsNorm(nint X, nint Gain, nint Y, int Length, float Epsilon) : ILaneKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        float* x = (float*)X,
            gain = (float*)Gain,
            y = (float*)Y;
        int padded = Instructions.Padded(Length);
        float meanSquare = Dot.Product<TLanes>(x, x, padded) / Length;
        TLanes scale = TLanes.Broadcast(1f / MathF.Sqrt(meanSquare + Epsilon));
        for (int i = 0; i < padded; i += Instructions.Lanes)
        {
            TLanes.Store(TLanes.Multiply(TLanes.Multiply(TLanes.Load(x + i), scale), TLanes.Load(gain + i)), y + i);
        }
    }
}

/// <summary>X += Y over a padded length.</summary>
internal readonly unsafe record struct AddTo(nint X, nint Y, int Length) : ILaneKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        float* x = (float*)X,
            y = (float*)Y;
        for (int i = 0; i < Length; i += Instructions.Lanes)
        {
            TLanes.Store(TLanes.Add(TLanes.Load(x + i), TLanes.Load(y + i)), x + i);
        }
    }
}

/// <summary>
/// SwiGLU: Y = gate / (1 + e^−gate) · up. Gate and up are read unpadded, one behind the other; what lies behind the
/// last element of Y is set to zero up to whole lanes.
/// </summary>
internal readonly unsafe record struct SwiGlu(nint GateUp, nint Y, int Length) : ILaneKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        float* gate = (float*)GateUp,
            up = gate + Length,
            y = (float*)Y;
        TLanes zero = TLanes.Broadcast(0),
            one = TLanes.Broadcast(1);
        for (int i = 0; i < Length; i += Instructions.Lanes)
        {
            TLanes g = TLanes.Load(gate + i);
            TLanes silu = TLanes.Divide(g, TLanes.Add(one, CanonicalMath.Exp(TLanes.Subtract(zero, g))));
            TLanes.Store(TLanes.Multiply(silu, TLanes.Load(up + i)), y + i);
        }
        for (int i = Length; i < Instructions.Padded(Length); i++)
            y[i] = 0;
    }
}

/// <summary>
/// X[i] = e^(X[i] − maximum) for i &lt; Length, then zeros up to whole lanes; Sum receives their canonical sum.
/// </summary>
internal readonly unsafe record struct ExponentialSum(nint X, int Length, float Maximum, nint Sum) : ILaneKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>
    {
        float* x = (float*)X;
        int padded = Instructions.Padded(Length);
        TLanes maximum = TLanes.Broadcast(Maximum);
        for (int i = 0; i < padded; i += Instructions.Lanes)
        {
            TLanes.Store(CanonicalMath.Exp(TLanes.Subtract(TLanes.Load(x + i), maximum)), x + i);
        }
        for (int i = Length; i < padded; i++)
            x[i] = 0;
        *(float*)Sum = Dot.Sum<TLanes>(x, padded);
    }
}
