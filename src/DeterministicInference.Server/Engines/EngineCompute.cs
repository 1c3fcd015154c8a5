using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines;

/// <summary>What an engine on PyTorch computes on, after its arguments.</summary>
internal static class EngineCompute
{
    /// <summary>What <c>--device</c> names; without the flag what the machine and the build say.</summary>
    public static ComputeKind Of(ServeOptions options, MachineFacts machine) =>
        new EngineCommandLine(options.BackendArguments).Value("--device") switch
        {
            "cpu" => ComputeKind.Cpu,
            "xpu" => ComputeKind.Xpu,
            // PyTorch for AMD calls its devices cuda (https://docs.pytorch.org/docs/stable/notes/hip.html).
            "cuda" when machine.Compute != ComputeKind.Rocm => ComputeKind.Cuda,
            _ => machine.Compute,
        };
}
