using DeterministicInference.Engine.Sampling;

namespace DeterministicInference.Engine.Tests;

/// <summary>Reproducible test inputs: a value depends on (stream, index) alone.</summary>
internal static class SeededValues
{
    public static uint Word(ulong stream, long index) => Philox.Block(stream, (ulong)index, 0x7E57).A;

    /// <summary>0 … limit − 1.</summary>
    public static int Below(int limit, ulong stream, long index) => (int)(Word(stream, index) % (uint)limit);

    /// <summary>Values in (−1, 1) of varied size, whose sums round at every step.</summary>
    public static float[] Singles(int count, ulong stream)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            (uint a, uint b, _, _) = Philox.Block(stream, (ulong)i, 0x7E57);
            float magnitude = BitConverter.UInt32BitsToSingle((127 - 1 - b % 8) << 23 | a >> 9);
            values[i] = (a & 1) == 0 ? magnitude : -magnitude;
        }
        return values;
    }
}
