using System.Runtime.CompilerServices;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>
/// Elementary functions built only from +, −, ×, ÷ and fused multiply-add, so that every CPU and every operating
/// system gives the same bits (libm does not). Formulas and constants: docs/arithmetic.md, section 3.
/// </summary>
internal static class CanonicalMath
{
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;
    private const double HalfPiHigh = 1.57079632673412561417e+00;
    private const double HalfPiMiddle = 6.07710050630396597660e-11;
    private const double HalfPiLow = 2.02226624879595063154e-21;

    /// <summary>
    /// eˣ in single precision, at most 1 ulp off within [-87, 88]; 0 below −87, e⁸⁸ above 88.
    /// Polynomial: Cephes expf (Moshier), evaluated by fused multiply-add.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Exp<TLanes>(TLanes x)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes bounded = TLanes.AtMost(TLanes.AtLeast(x, TLanes.Broadcast(-87f)), TLanes.Broadcast(88f));
        TLanes n = TLanes.Floor(
            TLanes.FusedMultiplyAdd(bounded, TLanes.Broadcast(1.44269504088896341f), TLanes.Broadcast(0.5f))
        );
        TLanes r = TLanes.FusedMultiplyAdd(n, TLanes.Broadcast(-0.693359375f), bounded);
        r = TLanes.FusedMultiplyAdd(n, TLanes.Broadcast(2.12194440e-4f), r);
        TLanes p = TLanes.Broadcast(1.9875691500e-4f);
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(1.3981999507e-3f));
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(8.3334519073e-3f));
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(4.1665795894e-2f));
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(1.6666665459e-1f));
        p = TLanes.FusedMultiplyAdd(p, r, TLanes.Broadcast(5.0000001201e-1f));
        TLanes y = TLanes.Add(TLanes.FusedMultiplyAdd(p, TLanes.Multiply(r, r), r), TLanes.Broadcast(1f));
        return TLanes.ZeroBelow(TLanes.Multiply(y, TLanes.PowerOfTwo(n)), x, TLanes.Broadcast(-87f));
    }

    /// <summary>eˣ in double precision for |x| ≤ 700; 0 below −700.</summary>
    public static double Exp(double x)
    {
        if (x < -700)
            return 0;
        double n = Math.Floor(Math.FusedMultiplyAdd(x, 1.44269504088896338700, 0.5));
        double r = Math.FusedMultiplyAdd(n, -Ln2Low, Math.FusedMultiplyAdd(n, -Ln2High, x));
        // Taylor to r^13/13!; |r| ≤ ln(2)/2 leaves a remainder below half an ulp.
        double y = 1;
        for (int k = 13; k > 0; k--)
            y = Math.FusedMultiplyAdd(y, r / k, 1);
        return y * BitConverter.Int64BitsToDouble(((long)n + 1023) << 52);
    }

    /// <summary>ln(x) in double precision for a normal x &gt; 0, by 2·atanh((m−1)/(m+1)).</summary>
    public static double Log(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        long exponent = (bits >> 52) - 1023;
        double m = BitConverter.Int64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000);
        if (m > 1.41421356237309504880)
        {
            m *= 0.5;
            exponent++;
        }
        double s = (m - 1) / (m + 1);
        double square = s * s;
        double sum = 0;
        for (int k = 21; k > 0; k -= 2)
            sum = Math.FusedMultiplyAdd(sum, square, 1.0 / k);
        double high = exponent * Ln2High;
        return high + Math.FusedMultiplyAdd(exponent, Ln2Low, 2 * s * sum);
    }

    /// <summary>sin(x) and cos(x) in double precision for 0 ≤ x ≤ 2²⁶.</summary>
    public static (double Sin, double Cos) SinCos(double x)
    {
        double n = Math.Floor(Math.FusedMultiplyAdd(x, 6.36619772367581382433e-01, 0.5));
        double r = Math.FusedMultiplyAdd(n, -HalfPiHigh, x);
        r = Math.FusedMultiplyAdd(n, -HalfPiMiddle, r);
        r = Math.FusedMultiplyAdd(n, -HalfPiLow, r);
        double square = r * r;
        // Taylor by Horner: sin to r^17/17!, cos to r^16/16!; |r| ≤ π/4.
        double sin = 1,
            cos = 1;
        for (int k = 16; k > 0; k -= 2)
        {
            sin = Math.FusedMultiplyAdd(sin, -square / (k * (k + 1)), 1);
            cos = Math.FusedMultiplyAdd(cos, -square / (k * (k - 1)), 1);
        }
        sin *= r;
        return ((long)n & 3) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }
}
