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
    private static InstructionSet _inUse = Widest;

    /// <summary>Lanes of a register in the canonical arithmetic, whatever the hardware's width.</summary>
    public const int Lanes = 16;

    /// <summary>"avx512", "avx2", "vector128" or "scalar", for reports.</summary>
    public static string Name => NameOf(_inUse);

    /// <summary>
    /// What this processor has and this build contains: native code is compiled for the registers of its baseline, and
    /// code for wider ones is not in it.
    /// </summary>
    public static IEnumerable<InstructionSet> Available =>
        Enum.GetValues<InstructionSet>().Where(set => set > InstructionSet.Auto && set <= Widest);

    private static InstructionSet Widest =>
        Vector512.IsHardwareAccelerated ? InstructionSet.Avx512
        : Vector256.IsHardwareAccelerated ? InstructionSet.Avx2
        : Vector128.IsHardwareAccelerated ? InstructionSet.Vector128
        : InstructionSet.Scalar;

    /// <summary>The name by which settings and reports know an instruction set.</summary>
    public static string NameOf(InstructionSet set) => set.ToString().ToLowerInvariant();

    /// <summary>Whether <see cref="Use"/> accepts an instruction set.</summary>
    public static bool IsAvailable(InstructionSet set) => set <= Widest;

    /// <summary>Chooses for the whole process. To be called before anything is computed.</summary>
    /// <exception cref="PlatformNotSupportedException">It is not <see cref="Available"/>.</exception>
    public static void Use(InstructionSet set)
    {
        if (!IsAvailable(set))
            throw new PlatformNotSupportedException($"{NameOf(set)} is not available.");
        _inUse = set == InstructionSet.Auto ? Widest : set;
    }

    /// <summary><paramref name="length"/> rounded up to whole lanes.</summary>
    public static int Padded(int length) => (length + Lanes - 1) / Lanes * Lanes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Run<TKernel>(TKernel kernel)
        where TKernel : struct, ILaneKernel
    {
        // The compiler knows the first half of each condition and leaves out what this machine can't run.
        if (Vector512.IsHardwareAccelerated && _inUse == InstructionSet.Avx512)
            kernel.Run<Lanes512>();
        else if (Vector256.IsHardwareAccelerated && _inUse == InstructionSet.Avx2)
            kernel.Run<Lanes256>();
        else if (Vector128.IsHardwareAccelerated && _inUse == InstructionSet.Vector128)
            kernel.Run<Lanes128>();
        else
            kernel.Run<LanesScalar>();
    }
}
