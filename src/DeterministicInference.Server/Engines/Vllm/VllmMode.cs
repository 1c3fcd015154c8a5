using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>
/// Where vLLM's batch-invariant mode exists: https://docs.vllm.ai/en/v0.32.0/features/batch_invariance (read
/// 2026-11-20).
/// </summary>
internal static class VllmMode
{
    /// <summary>Selects the mode.</summary>
    public const string Variable = "VLLM_BATCH_INVARIANT";

    /// <summary>
    /// Selects FlashInfer's sampler, which vLLM's own validations of the mode leave out with 0 (vllm-project/vllm
    /// #27433, comments of 2026-06-22; with it a build on an RTX 4090 drifts, #51187, comment of 2026-08-08).
    /// </summary>
    public const string Sampler = "VLLM_USE_FLASHINFER_SAMPLER";

    public static readonly ComputeCapability Ampere = new(8, 0),
        Hopper = new(9, 0),
        Blackwell = new(10, 0);

    /// <summary>The release whose page names Ampere, AMD and Intel.</summary>
    public static readonly ReleaseVersion Wider = ReleaseVersion.Parse("0.32")!.Value;

    /// <summary>Architectures of AMD that the page names: MI200, MI300 and MI350.</summary>
    public static readonly string[] Amd = ["gfx90a", "gfx942", "gfx950"];

    /// <summary>The attention backend that the user names; null if vLLM chooses.</summary>
    public static string? Attention(EngineCommandLine own, MachineFacts machine) =>
        own.Value("--attention-backend", "--attention-config.backend")
        ?? machine.Variables.GetValueOrDefault("VLLM_ATTENTION_BACKEND");

    /// <summary>Whether the mode can be selected. Without it vLLM for processors does not start with it.</summary>
    public static bool Exists(ComputeKind kind, MachineFacts machine) =>
        kind switch
        {
            ComputeKind.Cuda => !(machine.Least < Ampere),
            ComputeKind.Rocm => machine.Others.Amd.All(gpu => Amd.Contains(gpu.Target)),
            ComputeKind.Cpu => false,
            _ => true,
        };
}
