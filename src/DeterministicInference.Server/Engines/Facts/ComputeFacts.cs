using System.Globalization;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>Facts about what an engine on PyTorch computes on: its GPUs, or the processor.</summary>
internal static class ComputeFacts
{
    public static void Describe(FactInputs inputs, FactSheet sheet)
    {
        ComputeKind kind = EngineCompute.Of(inputs.Options, inputs.Machine);
        if (kind != ComputeKind.Cpu)
        {
            GpuFacts.Describe(kind, inputs.Machine, inputs.Variables, sheet);
            return;
        }
        CpuFacts.Describe(inputs.Machine.CpuFlags, sheet);
        // Sums are split by threads. PyTorch takes the variable, else all processors
        // (https://docs.pytorch.org/docs/stable/torch.html, "Parallelism").
        sheet.Measured(
            "cpu.threads",
            inputs.Variables.GetValueOrDefault("OMP_NUM_THREADS")
                ?? inputs.Machine.Processors.ToString(CultureInfo.InvariantCulture)
        );
    }
}
