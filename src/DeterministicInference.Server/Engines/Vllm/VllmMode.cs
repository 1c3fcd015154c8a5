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
    /// <summary>The attention backend of the mode on every maker's GPUs.</summary>
    public const string Triton = "TRITON_ATTN";

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

    /// <summary>What vLLM itself chooses an attention backend by (vllm/config/attention.py).</summary>
    private static readonly string[] Chosen = ["", "auto", "none"];

    /// <summary>The attention backend that the user names, in capitals; null if vLLM chooses.</summary>
    public static string? Attention(EngineCommandLine own, MachineFacts machine) =>
        (
            own.Value("--attention-backend")
            ?? VllmConfiguration.Attention(own).Value("backend")
            ?? machine.Variables.GetValueOrDefault("VLLM_ATTENTION_BACKEND")
        )
            is { } named
        && !Chosen.Contains(named, StringComparer.OrdinalIgnoreCase)
            ? named.ToUpperInvariant()
            : null;

    /// <summary>
    /// The attention backend that the launch adds; null for none. The mode has no other kernel on Intel's GPUs; on
    /// Hopper FlashAttention 3, vLLM's choice there, picks its tile by the whole batch (vllm-project/vllm#51902), which
    /// the safe side avoids. Beside a configuration of the user's, which may have another spelling, one of the two
    /// would be lost.
    /// </summary>
    public static string? AddedAttention(ServeOptions options, ComputeKind kind, MachineFacts machine)
    {
        var own = new EngineCommandLine(options.BackendArguments);
        return
            !VllmConfiguration.Attention(own).IsGiven
            && Attention(own, machine) is null
            && (kind == ComputeKind.Xpu || (options.IsStrict && IsHopper(kind, machine)))
            ? Triton
            : null;
    }

    /// <summary>Whether all GPUs are of NVIDIA's generation that has FlashAttention 3.</summary>
    public static bool IsHopper(ComputeKind kind, MachineFacts machine) =>
        kind == ComputeKind.Cuda && machine.Least >= Hopper && machine.Most < Blackwell;

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
