using System.Runtime.Intrinsics;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>Which implementation of <see cref="ILanes{TSelf}"/> this process uses.</summary>
internal static class Instructions
{
    /// <summary>"avx512", "avx2", "vector128" or "scalar": for reports; it never changes a result.</summary>
    public static string Name =>
        Vector512.IsHardwareAccelerated ? "avx512"
        : Vector256.IsHardwareAccelerated ? "avx2"
        : Vector128.IsHardwareAccelerated ? "vector128"
        : "scalar";
}
