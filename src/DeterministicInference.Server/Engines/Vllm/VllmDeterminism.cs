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

    /// <summary>
    /// Sequence parallelism and asynchronous tensor parallelism in pass_config, by their names of 2026 and 2025
    /// (vllm/config/compilation.py, PassConfig).
    /// </summary>
    private static readonly string[] Sequence =
    [
        "enable_sp",
        "fuse_gemm_comms",
        "enable_sequence_parallelism",
        "enable_async_tp",
    ];

    /// <summary>Types of the cache that are not quantised (vllm/config/cache.py, CacheDType).</summary>
    private static readonly string[] PlainCaches = ["auto", "float16", "bfloat16", "float32", "half", "float"];

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
        foreach (Finding finding in VllmGpuRules.Check(kind, machine))
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
        foreach (Finding finding in CheckArguments(own, kind, machine))
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
        if (VllmConfiguration.Compilation(own).Has(Sequence))
        {
            yield return Finding.Degrades(
                "sequence_parallel",
                "Sequence parallelism and asynchronous tensor parallelism vary in vLLM (vllm-project/vllm#56370). "
                    + "Leave them out of --compilation-config."
            );
        }
        string? chosen = VllmMode.Attention(own, machine) ?? VllmMode.AddedAttention(options, kind, machine);
        if (VllmMode.IsHopper(kind, machine) && chosen?.StartsWith("FLASH_ATTN", StringComparison.Ordinal) != false)
        {
            yield return Finding.Degrades(
                "attention_backend",
                "FlashAttention 3, which vLLM has on compute capability 9.0, picks its tile by the whole batch "
                    + "(vllm-project/vllm#51902). Use --determinism strict, or give --attention-backend TRITON_ATTN "
                    + "after --."
            );
        }
    }

    private static IEnumerable<Finding> CheckArguments(EngineCommandLine own, ComputeKind kind, MachineFacts machine)
    {
        string? attention = VllmMode.Attention(own, machine);
        if (attention is not null && !InvariantAttention.Contains(attention))
        {
            yield return Finding.Degrades(
                "attention_backend",
                $"The attention backend {attention} (--attention-backend, --attention-config, VLLM_ATTENTION_BACKEND) "
                    + $"is not batch-invariant. Use {InvariantAttention[0]} or {InvariantAttention[1]}, or leave it "
                    + "out."
            );
        }
        else if (attention is not null && attention != VllmMode.Triton && kind == ComputeKind.Xpu)
        {
            yield return Finding.Degrades(
                "attention_backend",
                $"The attention backend {attention} is not batch-invariant on Intel's GPUs. Use {VllmMode.Triton}, or "
                    + "leave it out."
            );
        }
        if (own.Value("--kv-cache-dtype") is { } type && !PlainCaches.Contains(type))
        {
            yield return Finding.Degrades(
                "kv_cache_type",
                $"--kv-cache-dtype {type} is not known to be deterministic. Leave it out."
            );
        }
        if (own.WithPrefix("--spec") is not null || VllmConfiguration.Speculative(own).IsGiven)
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
        if (own.Value("--generation-config") is not (null or "vllm") || VllmConfiguration.Generation(own).IsGiven)
        {
            yield return Finding.Note(
                "generation_config",
                "Values that a request leaves out come from a generation config, which other machines must have too."
            );
        }
    }
}
