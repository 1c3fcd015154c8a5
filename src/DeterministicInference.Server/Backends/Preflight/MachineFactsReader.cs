using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Backends.Preflight;

/// <summary>Reads <see cref="MachineFacts"/> of this machine.</summary>
internal static class MachineFactsReader
{
    /// <param name="options">Settings, which name the model.</param>
    /// <param name="gpu">What NVML says.</param>
    public static MachineFacts Read(InferenceOptions options, GpuEnvironment gpu) => new()
    {
        Gpu = gpu,
        Processors = Environment.ProcessorCount,
        CpuFlags = CpuFlags.Read(),
        Model = ModelFactsReader.Read(options),
        Variables = EnvironmentVariables.OfProcess(),
    };
}
