namespace DeterministicInference.Engine.Tests.Arithmetic;

/// <summary>The elementary functions of the forward pass for single values, written from their specification.</summary>
internal static class PlainMath
{
    /// <summary>Cephes expf: n = ⌊x·log₂e + ½⌋, r = x − n·ln 2 in two steps, a polynomial in r, times 2ⁿ.</summary>
    public static float Exp(float x)
    {
        if (!(x >= -87f))
            return 0f;
        float bounded = x <= 88f ? x : 88f;
        float n = MathF.Floor(MathF.FusedMultiplyAdd(bounded, 1.44269504088896341f, 0.5f));
        float r = MathF.FusedMultiplyAdd(n, 2.12194440e-4f, MathF.FusedMultiplyAdd(n, -0.693359375f, bounded));
        float[] coefficients =
        [
            1.3981999507e-3f,
            8.3334519073e-3f,
            4.1665795894e-2f,
            1.6666665459e-1f,
            5.0000001201e-1f,
        ];
        float p = 1.9875691500e-4f;
        foreach (float coefficient in coefficients)
            p = MathF.FusedMultiplyAdd(p, r, coefficient);
        float y = MathF.FusedMultiplyAdd(p, r * r, r) + 1f;
        return y * BitConverter.Int32BitsToSingle(((int)n + 127) << 23);
    }

    /// <summary>gate / (1 + e^−gate) · up.</summary>
    public static float SwiGlu(float gate, float up) => gate / (1f + Exp(0f - gate)) * up;
}
