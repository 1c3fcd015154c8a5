using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>
/// The basis of vLLM's determinism, its batch-invariant mode, and reasons against it:
/// https://docs.vllm.ai/en/latest/features/batch_invariance (read for 2026-05-19).
/// </summary>
internal sealed class VllmDeterminism : IEngineDeterminism
{
    private static readonly ComputeCapability Ampere = new(8, 0),
        Hopper = new(9, 0);

    /// <summary>Attention backends with batch-invariant kernels (v1/attention/backends).</summary>
    private static readonly string[] InvariantAttention =
    [
        "FLASH_ATTN",
        "TRITON_ATTN",
        "FLEX_ATTENTION",
        "FLASH_ATTN_MLA",
        "TRITON_MLA",
    ];

    public string Basis => "vLLM's batch-invariant mode, for one build on GPUs of one kind";

    public IReadOnlyList<string> TemplateFlags { get; } = ["--chat-template"];

    public IEnumerable<Finding> CheckLaunch(ServeOptions options, MachineFacts machine) =>
        options.Enforces
            ? [.. CheckGpu(machine), .. CheckArguments(new EngineCommandLine(options.BackendArguments), machine)]
            : [];

    private static IEnumerable<Finding> CheckGpu(MachineFacts machine)
    {
        if (machine.Least is not { } least)
        {
            yield return Finding.Degrades(
                "gpu_unknown",
                "No NVIDIA GPU of known compute capability is seen, and vLLM's batch-invariant mode requires "
                    + "one. Install the NVIDIA driver's NVML library, or use another machine."
            );
        }
        else if (least < Ampere)
        {
            yield return Finding.Degrades(
                "gpu_unsupported",
                $"vLLM's batch-invariant mode needs compute capability {Hopper}, and a GPU of this machine has "
                    + $"{least}. Use a newer GPU."
            );
        }
        else if (least < Hopper)
        {
            yield return Finding.Degrades(
                "gpu_unverified",
                $"vLLM documents its batch-invariant mode from compute capability {Hopper} on, and a GPU of this "
                    + $"machine has {least}. Use a newer GPU, or --backend sglang."
            );
        }
    }

    private static IEnumerable<Finding> CheckArguments(EngineCommandLine own, MachineFacts machine)
    {
        string? attention =
            own.Value("--attention-backend", "--attention-config.backend")
            ?? machine.Variables.GetValueOrDefault("VLLM_ATTENTION_BACKEND");
        if (
            !string.IsNullOrEmpty(attention)
            && !InvariantAttention.Contains(attention, StringComparer.OrdinalIgnoreCase)
        )
        {
            yield return Finding.Degrades(
                "attention_backend",
                $"The attention backend {attention} (--attention-backend, VLLM_ATTENTION_BACKEND) is not "
                    + $"batch-invariant. Use {InvariantAttention[0]} or {InvariantAttention[1]}, or leave it out."
            );
        }
        if (own.Value("--kv-cache-dtype") is { } type && type.StartsWith("fp8", StringComparison.Ordinal))
        {
            yield return Finding.Degrades(
                "kv_cache_type",
                $"--kv-cache-dtype {type} is not known to be deterministic. Leave it out."
            );
        }
        if (
            own.WithPrefix("--speculative-") is not null
            || own.Last("-sc", "--spec-method", "--spec-model") is not null
        )
        {
            yield return Finding.Degrades(
                "speculative_decoding",
                "Speculative decoding is not part of vLLM's batch-invariant mode. Leave --speculative-config out."
            );
        }
        if (own.Last("--config") is not null)
        {
            yield return Finding.Degrades(
                "config_file",
                "The arguments in the engine's --config file are not read. Give them after -- instead."
            );
        }
        if (
            own.Value("--generation-config") is not (null or "vllm")
            || own.Last("--override-generation-config") is not null
        )
        {
            yield return Finding.Note(
                "generation_config",
                "Values that a request leaves out come from a generation config, which other machines must have too."
            );
        }
    }
}
