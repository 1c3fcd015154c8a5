using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DeterministicInference.Engine.Arithmetic;

/// <summary>A computation written over lanes, to be run with the widest registers of this machine.</summary>
internal interface ILaneKernel
{
    void Run<TLanes>()
        where TLanes : struct, ILanes<TLanes>;
}

/// <summary>Chooses the implementation of <see cref="ILanes{TSelf}"/>; the choice never changes a result.</summary>
internal static class Instructions
{
    /// <summary>Lanes of a register in the canonical arithmetic, whatever the hardware's width.</summary>
    public const int Lanes = 16;

    /// <summary>"avx512", "avx2", "vector128" or "scalar", for reports.</summary>
    public static string Name =>
        Vector512.IsHardwareAccelerated ? "avx512"
        : Vector256.IsHardwareAccelerated ? "avx2"
        : Vector128.IsHardwareAccelerated ? "vector128"
        : "scalar";

    /// <summary><paramref name="length"/> rounded up to whole lanes.</summary>
    public static int Padded(int length) => (length + Lanes - 1) / Lanes * Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TKernel>(TKernel kernel)
        where TKernel : struct, ILaneKernel
    {
        if (Vector512.IsHardwareAccelerated)
            kernel.Run<Lanes512>();
        else if (Vector256.IsHardwareAccelerated)
            kernel.Run<Lanes256>();
        else if (Vector128.IsHardwareAccelerated)
            kernel.Run<Lanes128>();
        else
            kernel.Run<LanesScalar>();
    }
}
