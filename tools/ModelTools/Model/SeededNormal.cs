namespace DeterministicInference.ModelTools.Model;

/// <summary>
/// Random numbers of about normal distribution (mean 0, deviation 1) that depend on (seed, stream, index) only, so that
/// any thread may draw any of them. SplitMix64 (Steele, Lea and Flood 2014) gives the bits; a number is the sum of
/// twelve 16-bit uniforms less its mean, which needs no logarithm and is exact in single precision.
/// </summary>
internal readonly struct SeededNormal
{
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;
    private readonly ulong _key;

    public SeededNormal(ulong seed, int stream) => _key = Mix(Mix(seed + Golden) + Golden * ((ulong)stream + 1));

    /// <summary>The number at an index.</summary>
    public float At(long index)
    {
        ulong counter = _key + Golden * ((ulong)index * 3);
        uint sum = 0;
        for (int word = 0; word < 3; word++)
        {
            counter += Golden;
            ulong bits = Mix(counter);
            sum +=
                (uint)(bits & 0xFFFF)
                + (uint)((bits >> 16) & 0xFFFF)
                + (uint)((bits >> 32) & 0xFFFF)
                + (uint)(bits >> 48);
        }
        return ((int)sum - 6 * 0xFFFF) * (1f / 65536f);
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
