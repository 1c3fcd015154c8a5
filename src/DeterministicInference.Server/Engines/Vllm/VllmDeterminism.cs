using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>
/// The basis of vLLM's determinism, its batch-invariant mode, and reasons against it:
/// https://docs.vllm.ai/en/latest/features/batch_invariance (read for 2026-05-19).
/// </summary>
internal sealed class VllmDeterminism : IEngineDeterminism
{
    /// <summary>Attention backends with batch-invariant kernels (v1/attention/backends).</summary>
    private static readonly string[] InvariantAttention =
    [
        "FLASH_ATTN",
        "TRITON_ATTN",
        "FLEX_ATTENTION",
        "FLASH_ATTN_MLA",
        "TRITON_MLA",
    ];

    /// <summary>Rows vllm-rms and vllm-ar-fusion.</summary>
    private static readonly ReleaseRange BeforeNorm = new(null, "0.26.1"),
        BeforeReduce = new(null, "0.26");

    private static readonly string[] Sequence = ["enable_sp", "sequence_parallel", "async_tp"];

    public string Basis => "vLLM's batch-invariant mode, for one build on GPUs of one kind";

    public IReadOnlyList<EvidenceRow> Evidence => VllmEvidence.Rows;

    public IReadOnlyList<string> TemplateFlags { get; } = ["--chat-template"];

    /// <summary>A build for processors can't be told from outside.</summary>
    private static readonly Finding ArgumentsUnknown = IEngineDeterminism.ArgumentsUnknown with
    {
        Text =
            "This server did not launch the engine, and the engine's arguments are unknown. Let this server launch it "
            + "(leave --backend-url out). If it is a build for processors, start it with --no-enable-chunked-prefill: "
            + "a seed ends it otherwise.",
    };

    public IEnumerable<Finding> CheckAttached() => [ArgumentsUnknown];

    public IEnumerable<Finding> CheckLaunch(ServeOptions options, MachineFacts machine)
    {
        if (!options.Enforces)
            yield break;
        var own = new EngineCommandLine(options.BackendArguments);
        ComputeKind kind = EngineCompute.Of(options, machine);
        foreach (Finding finding in CheckMode(kind, machine))
            yield return finding;
        if (
            kind == ComputeKind.Cpu
            && own.Last("--enable-chunked-prefill", "--no-enable-chunked-prefill") is "--enable-chunked-prefill"
        )
        {
            yield return Finding.Refused(
                "chunked_prefill",
                "--enable-chunked-prefill: a request with a seed ends vLLM for processors where its prompt is computed "
                    + "in pieces. Leave it out."
            );
        }
        foreach (Finding finding in CheckArguments(own, machine))
            yield return finding;
        foreach (Finding finding in CheckBuild(options, own, kind, machine))
            yield return finding;
    }

    /// <summary>What reports show of builds and of kernels that they choose.</summary>
    private static IEnumerable<Finding> CheckBuild(
        ServeOptions options,
        EngineCommandLine own,
        ComputeKind kind,
        MachineFacts machine
    )
    {
        string? version = machine.Installation?.EngineVersion;
        if (kind != ComputeKind.Cpu && BeforeNorm.Contains(version))
        {
            yield return Finding.Degrades(
                "engine_version",
                $"vLLM {version}: RMSNorm changes its order where a step has 256 tokens or more (vllm-project/vllm"
                    + "#48271). Use a build after 0.26.0."
            );
        }
        if (own.Number("--tensor-parallel-size", "-tp") > 1 && BeforeReduce.Contains(version))
        {
            yield return Finding.Degrades(
                "tensor_parallel",
                $"vLLM {version} fuses all-reduce with RMSNorm, which varies (vllm-project/vllm#51290). Use one GPU, "
                    + "or a build from 0.26 on."
            );
        }
        if (
            (own.Value("--compilation-config", "-cc") ?? own.WithPrefix("--compilation-config.")) is { } compilation
            && Sequence.Any(name => compilation.Contains(name, StringComparison.Ordinal))
        )
        {
            yield return Finding.Degrades(
                "sequence_parallel",
                "Sequence parallelism and asynchronous tensor parallelism vary in vLLM (vllm-project/vllm#56370). "
                    + "Leave them out of --compilation-config."
            );
        }
        bool isHopper =
            kind == ComputeKind.Cuda && machine.Least >= VllmMode.Hopper && machine.Most < VllmMode.Blackwell;
        bool isFlash = VllmMode.Attention(own, machine) is { } chosen
            ? chosen.StartsWith("FLASH_ATTN", StringComparison.OrdinalIgnoreCase)
            : !options.IsStrict;
        if (isHopper && isFlash)
        {
            yield return Finding.Degrades(
                "attention_backend",
                "FlashAttention 3, which vLLM has on compute capability 9.0, picks its tile by the whole batch "
                    + "(vllm-project/vllm#51902). Use --determinism strict, or give --attention-backend TRITON_ATTN "
                    + "after --."
            );
        }
    }

    private static IEnumerable<Finding> CheckMode(ComputeKind kind, MachineFacts machine)
    {
        string? mode = machine.Variables.GetValueOrDefault(VllmMode.Variable);
        if (kind == ComputeKind.Cpu)
        {
            yield return mode is not (null or "0")
                ? Finding.Refused(
                    "cpu_build",
                    $"{VllmMode.Variable}={mode} ends the start of vLLM for processors, which has no batch-invariant "
                        + "mode. Leave the variable out."
                )
                : Finding.Degrades(
                    "cpu_build",
                    "vLLM for processors has no batch-invariant mode: other requests in the batch may change an "
                        + "answer. Use --max-concurrency 1, a GPU, or --backend embedded or llamacpp."
                );
            yield break;
        }
        // int(text), of which 0 is false (vllm/envs.py).
        if (mode is "0" or "")
        {
            yield return Finding.Degrades(
                "mode_off",
                $"The variable {VllmMode.Variable} is set to {(mode.Length > 0 ? mode : "nothing")}, which turns "
                    + "vLLM's batch-invariant mode off. Leave it out."
            );
            yield break;
        }
        foreach (Finding finding in CheckGpu(kind, machine))
            yield return finding;
        if (
            kind is ComputeKind.Cuda or ComputeKind.Unknown
            && machine.Variables.GetValueOrDefault(VllmMode.Sampler) is { } sampler and not "0"
        )
        {
            yield return Finding.Degrades(
                "sampling_backend",
                $"{VllmMode.Sampler}={sampler}: the batch-invariant mode is shown without FlashInfer's sampler. Leave "
                    + "the variable out."
            );
        }
    }

    private static IEnumerable<Finding> CheckGpu(ComputeKind kind, MachineFacts machine)
    {
        bool isWider = ReleaseVersion.Parse(machine.Installation?.EngineVersion) >= VllmMode.Wider;
        if (kind is ComputeKind.Rocm && machine.Others.Amd.Count > 0)
        {
            if (machine.Others.Amd.FirstOrDefault(gpu => !VllmMode.Amd.Contains(gpu.Target)) is { } other)
            {
                yield return Finding.Degrades(
                    "gpu_unsupported",
                    $"vLLM's batch-invariant mode has no kernels for {other.Target} ({other.Name}). Use "
                        + $"{string.Join(", ", VllmMode.Amd)}."
                );
                yield break;
            }
        }
        else if (kind != ComputeKind.Xpu)
        {
            if (machine.Least is not { } least)
            {
                yield return Finding.Degrades(
                    "gpu_unknown",
                    "Which processor vLLM computes on is not known, and its batch-invariant mode exists on some only. "
                        + (
                            machine.HasGpu || machine.Others.HasNvidiaFile
                                ? "Install the NVIDIA driver's NVML library."
                                : "Give --backend-command vLLM's own program."
                        )
                );
                yield break;
            }
            if (least < VllmMode.Ampere)
            {
                yield return Finding.Degrades(
                    "gpu_unsupported",
                    $"vLLM's batch-invariant mode needs compute capability {VllmMode.Ampere}, and a GPU of this "
                        + $"machine has {least}. Use a newer GPU."
                );
                yield break;
            }
            if (least < VllmMode.Hopper && !isWider)
            {
                yield return Finding.Degrades(
                    "gpu_unverified",
                    $"vLLM documents its batch-invariant mode from compute capability {VllmMode.Hopper} on, and a GPU "
                        + $"of this machine has {least}. Use a newer GPU, vLLM 0.32, whose page names "
                        + $"{VllmMode.Ampere}, or --backend sglang."
                );
            }
            yield break;
        }
        if (!isWider)
        {
            yield return Finding.Degrades(
                "gpu_unverified",
                "vLLM documents its batch-invariant mode for GPUs of AMD and Intel from release 0.32 on, and this "
                    + $"build is {machine.Installation?.EngineVersion ?? "of an unknown one"}. Use a newer build."
            );
        }
    }

    private static IEnumerable<Finding> CheckArguments(EngineCommandLine own, MachineFacts machine)
    {
        string? attention = VllmMode.Attention(own, machine);
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
