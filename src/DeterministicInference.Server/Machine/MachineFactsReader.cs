using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Machine;

/// <summary>Reads <see cref="MachineFacts"/> of this machine.</summary>
internal static class MachineFactsReader
{
    /// <param name="modelPath">The model's path, or its name on the hub; null for none.</param>
    /// <param name="template">A chat template, or its file, that replaces the model's; else null.</param>
    /// <param name="gpu">The GPUs according to NVML.</param>
    public static MachineFacts Read(string? modelPath, string? template, GpuEnvironment gpu) =>
        new()
        {
            Gpu = gpu,
            Processors = Environment.ProcessorCount,
            CpuFlags = CpuFlags.Read(),
            Model = ModelFactsReader.Read(modelPath, template),
            Variables = EnvironmentVariables.OfProcess(),
        };
}
