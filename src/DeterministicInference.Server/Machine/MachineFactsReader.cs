using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Machine;

/// <summary>Reads <see cref="MachineFacts"/> of this machine.</summary>
internal static class MachineFactsReader
{
    /// <param name="modelPath">The model's path, or its name on the hub; null for none.</param>
    /// <param name="template">A chat template, or its file, that replaces the model's; else null.</param>
    /// <param name="gpu">The GPUs according to NVML.</param>
    /// <param name="program">The program that runs the engine; null for an attached engine.</param>
    public static MachineFacts Read(
        string? modelPath,
        string? template,
        GpuEnvironment gpu,
        EngineProgram? program = null
    )
    {
        IReadOnlyDictionary<string, string> variables = EnvironmentVariables.OfProcess();
        EngineInstallation? installation = program?.Module is { } module
            ? new PythonEnvironment(variables).Find(program.Command, module)
            : null;
        OtherGpus others = OtherGpus.Read();
        return new()
        {
            Gpu = gpu,
            Others = others,
            Compute = KindOf(installation, gpu, others, program),
            Installation = installation,
            Processors = Environment.ProcessorCount,
            CpuFlags = CpuFlags.Read(),
            Model = ModelFactsReader.Read(modelPath, template),
            Variables = variables,
        };
    }

    /// <summary>
    /// What an engine computes on: what its build of PyTorch is for, and if that is not known the GPUs that are there.
    /// That there is none decides only for the engine's own program: a wrapper may run it on another machine.
    /// </summary>
    public static ComputeKind KindOf(
        EngineInstallation? installation,
        GpuEnvironment gpu,
        OtherGpus others,
        EngineProgram? program
    ) =>
        program is null ? ComputeKind.Unknown
        : installation is { Kind: not ComputeKind.Unknown } ? installation.Kind
        : gpu.Gpus.Count > 0 ? ComputeKind.Cuda
        : others.Amd.Count > 0 ? ComputeKind.Rocm
        : others.Intel.Count > 0 ? ComputeKind.Xpu
        : !program.IsOwn || others.HasAnyFile ? ComputeKind.Unknown
        // Of an interpreter without the engine nothing is known either.
        : program.Module is null || installation?.EngineVersion is not null ? ComputeKind.Cpu
        : ComputeKind.Unknown;
}
