namespace DeterministicInference.Engine.Arithmetic;

/// <summary>Which implementation of <see cref="ILanes{TSelf}"/> computes, from the narrowest to the widest.</summary>
internal enum InstructionSet
{
    /// <summary>The widest one that is available.</summary>
    Auto,

    /// <summary>No vector registers.</summary>
    Scalar,

    /// <summary>128-bit registers: NEON on ARM64, SSE on x64.</summary>
    Vector128,

    /// <summary>256-bit registers.</summary>
    Avx2,

    /// <summary>512-bit registers.</summary>
    Avx512,
}
