using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// Seeds that are drawn for requests without one (<c>--seed random</c>), so that nobody can foresee them.
/// </summary>
internal static class RandomSeed
{
    /// <summary>
    /// Clients that read numbers as doubles, as JavaScript's do, keep whole ones up to this (RFC 8259, section 6).
    /// </summary>
    private const long MostExact = (1L << 53) - 1;

    /// <summary>A seed from 0 to the engine's largest.</summary>
    /// <param name="most">The largest seed that the engine distinguishes.</param>
    public static long Draw(long most)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return (long)(BinaryPrimitives.ReadUInt64LittleEndian(bytes) % ((ulong)Math.Min(most, MostExact) + 1));
    }
}
