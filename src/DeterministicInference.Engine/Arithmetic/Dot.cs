using System.Runtime.CompilerServices;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>
/// The canonical sum of products (docs/arithmetic.md, section 2): element k goes to lane k mod 16 of accumulator
/// (k / 16) mod 4, one fused multiply-add each in rising order of k; then (a₀+a₁)+(a₂+a₃), then the lanes by halves.
/// </summary>
internal static unsafe class Dot
{
    /// <summary>Σ a[k]·b[k] over a padded length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Product<TLanes>(float* a, float* b, int paddedLength)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes s0 = TLanes.Broadcast(0),
            s1 = s0,
            s2 = s0,
            s3 = s0;
        int k = 0;
        for (; k + 4 * Instructions.Lanes <= paddedLength; k += 4 * Instructions.Lanes)
        {
            s0 = TLanes.FusedMultiplyAdd(TLanes.Load(a + k), TLanes.Load(b + k), s0);
            s1 = TLanes.FusedMultiplyAdd(TLanes.Load(a + k + 16), TLanes.Load(b + k + 16), s1);
            s2 = TLanes.FusedMultiplyAdd(TLanes.Load(a + k + 32), TLanes.Load(b + k + 32), s2);
            s3 = TLanes.FusedMultiplyAdd(TLanes.Load(a + k + 48), TLanes.Load(b + k + 48), s3);
        }
        if (k < paddedLength)
            s0 = TLanes.FusedMultiplyAdd(TLanes.Load(a + k), TLanes.Load(b + k), s0);
        if (k + 16 < paddedLength)
            s1 = TLanes.FusedMultiplyAdd(TLanes.Load(a + k + 16), TLanes.Load(b + k + 16), s1);
        if (k + 32 < paddedLength)
            s2 = TLanes.FusedMultiplyAdd(TLanes.Load(a + k + 32), TLanes.Load(b + k + 32), s2);
        return Combine(s0, s1, s2, s3);
    }

    /// <summary>Σ a[k], in the same order as a product with ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum<TLanes>(float* a, int paddedLength)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes s0 = TLanes.Broadcast(0),
            s1 = s0,
            s2 = s0,
            s3 = s0;
        int k = 0;
        for (; k + 4 * Instructions.Lanes <= paddedLength; k += 4 * Instructions.Lanes)
        {
            s0 = TLanes.Add(s0, TLanes.Load(a + k));
            s1 = TLanes.Add(s1, TLanes.Load(a + k + 16));
            s2 = TLanes.Add(s2, TLanes.Load(a + k + 32));
            s3 = TLanes.Add(s3, TLanes.Load(a + k + 48));
        }
        if (k < paddedLength)
            s0 = TLanes.Add(s0, TLanes.Load(a + k));
        if (k + 16 < paddedLength)
            s1 = TLanes.Add(s1, TLanes.Load(a + k + 16));
        if (k + 32 < paddedLength)
            s2 = TLanes.Add(s2, TLanes.Load(a + k + 32));
        return Combine(s0, s1, s2, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Combine<TLanes>(TLanes s0, TLanes s1, TLanes s2, TLanes s3)
        where TLanes : struct, ILanes<TLanes> => TLanes.Sum(TLanes.Add(TLanes.Add(s0, s1), TLanes.Add(s2, s3)));
}
