namespace DeterministicInference.Engine.Sampling;

/// <summary>
/// Philox4x32-10, the counter-based random generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
/// easy as 1, 2, 3" (SC 2011): a value depends on (key, counter) alone, so a draw never depends on what was drawn
/// before.
/// </summary>
internal static class Philox
{
    private const uint MultiplierA = 0xD2511F53,
        MultiplierB = 0xCD9E8D57;
    private const uint WeylA = 0x9E3779B9,
        WeylB = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>The four words for a 64-bit key and a 128-bit counter.</summary>
    public static (uint A, uint B, uint C, uint D) Block(ulong key, ulong counterLow, ulong counterHigh)
    {
        uint a = (uint)counterLow,
            b = (uint)(counterLow >> 32),
            c = (uint)counterHigh,
            d = (uint)(counterHigh >> 32);
        uint keyA = (uint)key,
            keyB = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong left = (ulong)MultiplierA * a,
                right = (ulong)MultiplierB * c;
            (a, b, c, d) = ((uint)(right >> 32) ^ b ^ keyA, (uint)right, (uint)(left >> 32) ^ d ^ keyB, (uint)left);
            keyA += WeylA;
            keyB += WeylB;
        }
        return (a, b, c, d);
    }

    /// <summary>A uniform value in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong key, ulong counterLow, ulong counterHigh)
    {
        (uint a, uint b, _, _) = Block(key, counterLow, counterHigh);
        return (((ulong)a << 32 | b) >> 11) * (1.0 / (1UL << 53));
    }
}
