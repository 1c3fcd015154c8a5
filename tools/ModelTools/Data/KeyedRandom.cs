namespace DeterministicInference.ModelTools.Data;

/// <summary>
/// SplitMix64 (Steele, Lea and Flood, 2014) started at a state mixed from a seed and an index, so that the values
/// of index i do not depend on any other index.
/// </summary>
internal sealed class KeyedRandom(ulong seed, ulong index)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong _state = Mix(Mix(seed + Golden) ^ (index * 0xD1B54A32D192ED03 + Golden));

    public ulong Next()
    {
        _state += Golden;
        return Mix(_state);
    }

    /// <summary>
    /// A number from 0 to <paramref name="bound"/> - 1. The bias of the fixed-point product is below 2^-32 * bound.
    /// </summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>A number from <paramref name="low"/> to <paramref name="high"/>, both included.</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    /// <summary>True in <paramref name="percent"/> of 100 cases.</summary>
    public bool Chance(int percent) => Below(100) < percent;

    public T Pick<T>(T[] items) => items[Below(items.Length)];

    /// <summary>
    /// The finalizer of SplitMix64: a bijection on 64 bits in which every input bit reaches every output bit.
    /// </summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
