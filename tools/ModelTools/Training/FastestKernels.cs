using System.Runtime.Intrinsics;
using DeterministicInference.Engine.Arithmetic;

namespace DeterministicInference.ModelTools.Training;

/// <summary>Chooses the kernels for the instructions that this process may use.</summary>
internal static class FastestKernels
{
    public static ITrainingKernels Create() =>
        Vector512.IsHardwareAccelerated ? new TrainingKernels<Lanes512>()
        : Vector256.IsHardwareAccelerated ? new TrainingKernels<Lanes256>()
        : Vector128.IsHardwareAccelerated ? new TrainingKernels<Lanes128>()
        : new TrainingKernels<LanesScalar>();
}
