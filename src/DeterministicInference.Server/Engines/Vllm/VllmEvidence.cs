using DeterministicInference.Server.Engines.Evidence;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>What is known of vLLM, row by row.</summary>
internal static class VllmEvidence
{
    /// <summary>Every row.</summary>
    public static IReadOnlyList<EvidenceRow> Rows { get; } =
    [
        new(
            "vllm-cc",
            new("0.32", null),
            "NVIDIA, compute capability from 8.0 on",
            EvidenceVerdict.Deterministic,
            null,
            "https://docs.vllm.ai/en/v0.32.0/features/batch_invariance",
            "2026-11-20"
        ),
        new(
            "vllm-cc-hopper",
            new(null, "0.32"),
            "NVIDIA, compute capability from 9.0 on",
            EvidenceVerdict.Deterministic,
            null,
            "https://docs.vllm.ai/en/latest/features/batch_invariance, then",
            "2026-05-19"
        ),
        new(
            "vllm-others-old",
            new(null, "0.32"),
            "GPUs of AMD and Intel",
            EvidenceVerdict.BestEffort,
            "gpu_unverified",
            "https://docs.vllm.ai/en/latest/features/batch_invariance, then",
            "2026-05-19"
        ),
        new(
            "vllm-cc-old",
            new(null, "0.32"),
            "NVIDIA, compute capability 8.0 to 8.9",
            EvidenceVerdict.BestEffort,
            "gpu_unverified",
            "https://docs.vllm.ai/en/latest/features/batch_invariance, then",
            "2026-05-19"
        ),
        new(
            "vllm-cc-low",
            ReleaseRange.All,
            "compute capability below 8.0, or AMD other than gfx90a, gfx942, gfx950",
            EvidenceVerdict.BestEffort,
            "gpu_unsupported",
            "https://docs.vllm.ai/en/v0.32.0/features/batch_invariance",
            "2026-11-20"
        ),
        new(
            "vllm-amd",
            new("0.32", null),
            "AMD gfx90a, gfx942, gfx950",
            EvidenceVerdict.Deterministic,
            null,
            "https://docs.vllm.ai/en/v0.32.0/features/batch_invariance (not listed any more at 029bdec)",
            "2026-11-30"
        ),
        new(
            "vllm-xpu",
            new("0.32", null),
            "Intel GPUs with TRITON_ATTN",
            EvidenceVerdict.Deterministic,
            null,
            "https://docs.vllm.ai/en/v0.32.0/features/batch_invariance",
            "2026-11-30"
        ),
        new(
            "vllm-xpu-attention",
            ReleaseRange.All,
            "Intel GPUs with another attention backend than TRITON_ATTN",
            EvidenceVerdict.BestEffort,
            "attention_backend",
            "https://docs.vllm.ai/en/v0.32.0/features/batch_invariance",
            "2026-11-30"
        ),
        new(
            "vllm-unknown",
            ReleaseRange.All,
            "it is not known what vLLM computes on",
            EvidenceVerdict.BestEffort,
            "gpu_unknown",
            "this server",
            "2026-11-30"
        ),
        new(
            "vllm-cpu",
            ReleaseRange.All,
            "a build for processors: no mode; VLLM_BATCH_INVARIANT=1 ends its start",
            EvidenceVerdict.BestEffort,
            "cpu_build",
            "vllm 0.32.0, tried; vllm#37546",
            "2026-11-28"
        ),
        new(
            "vllm-cpu-chunk",
            ReleaseRange.All,
            "a build for processors with --enable-chunked-prefill: a seed ends it",
            EvidenceVerdict.Refused,
            "chunked_prefill",
            "vllm 0.32.0, tried: v1/worker/gpu_model_runner.py:3502",
            "2026-11-28"
        ),
        new(
            "vllm-off",
            ReleaseRange.All,
            "VLLM_BATCH_INVARIANT=0",
            EvidenceVerdict.BestEffort,
            "mode_off",
            "vllm/envs.py",
            "2026-11-30"
        ),
        new(
            "vllm-sampler",
            ReleaseRange.All,
            "VLLM_USE_FLASHINFER_SAMPLER other than 0",
            EvidenceVerdict.BestEffort,
            "sampling_backend",
            "vllm#27433, #51187, PR #56528",
            "2026-11-20"
        ),
        new(
            "vllm-rms",
            new(null, "0.26.1"),
            "RMSNorm changes its block size at 256 tokens per step",
            EvidenceVerdict.BestEffort,
            "engine_version",
            "vllm#48271, #51187; fix #48391 is not in 0.26.0",
            "2026-11-20"
        ),
        new(
            "vllm-ar-fusion",
            new(null, "0.26"),
            "--tensor-parallel-size above 1: all-reduce is fused with RMSNorm",
            EvidenceVerdict.BestEffort,
            "tensor_parallel",
            "vllm#51290 (0.20.2, 0.25.1)",
            "2026-11-20"
        ),
        new(
            "vllm-sequence",
            ReleaseRange.All,
            "sequence parallelism or asynchronous tensor parallelism in --compilation-config, in every spelling",
            EvidenceVerdict.BestEffort,
            "sequence_parallel",
            "vllm#56370: 1197 of 1536 log-probabilities differ",
            "2026-11-20"
        ),
        new(
            "vllm-fa3",
            ReleaseRange.All,
            "FlashAttention 3 on compute capability 9.0: its tile follows the whole batch",
            EvidenceVerdict.BestEffort,
            "attention_backend",
            "vllm#51902 (open), #47069, PR #48694 (open)",
            "2026-11-30"
        ),
        new(
            "vllm-triton",
            ReleaseRange.All,
            "TRITON_ATTN on compute capability 9.0",
            EvidenceVerdict.Deterministic,
            null,
            "vllm#51902",
            "2026-11-30"
        ),
        new(
            "vllm-attention",
            ReleaseRange.All,
            "an attention backend other than FLASH_ATTN, TRITON_ATTN, FLEX_ATTENTION, FLASH_ATTN_MLA, "
                + "TRITON_MLA, in every spelling",
            EvidenceVerdict.BestEffort,
            "attention_backend",
            "vllm/v1/attention/backends",
            "2026-05-19"
        ),
        new(
            "vllm-prefix",
            ReleaseRange.All,
            "prefix caching with FLASH_ATTN: exact over 12 chained prefixes",
            EvidenceVerdict.Deterministic,
            null,
            "vllm PR #52701, #40896",
            "2026-11-20"
        ),
        new(
            "vllm-kv8",
            ReleaseRange.All,
            "--kv-cache-dtype fp8, or another quantised type",
            EvidenceVerdict.BestEffort,
            "kv_cache_type",
            "not in the documentation of the mode",
            "2026-05-19"
        ),
        new(
            "vllm-speculation",
            ReleaseRange.All,
            "speculative decoding",
            EvidenceVerdict.BestEffort,
            "speculative_decoding",
            "vllm documentation of the mode",
            "2026-05-19"
        ),
        new(
            "vllm-config",
            ReleaseRange.All,
            "arguments in a --config file",
            EvidenceVerdict.BestEffort,
            "config_file",
            "this server does not read it",
            "2026-05-19"
        ),
        new(
            "vllm-generation",
            ReleaseRange.All,
            "--generation-config other than vllm, --override-generation-config",
            EvidenceVerdict.Note,
            "generation_config",
            "vllm/entrypoints/openai/cli_args.py",
            "2026-05-19"
        ),
        new(
            "vllm-arguments",
            ReleaseRange.All,
            "attached: vLLM does not report its arguments",
            EvidenceVerdict.BestEffort,
            "arguments_unknown",
            "vllm 0.32.0, /version",
            "2026-11-28"
        ),
        new(
            "vllm-prompt-logprobs",
            ReleaseRange.All,
            "requests with prompt_logprobs have a bug of their own",
            EvidenceVerdict.Note,
            null,
            "vllm#42019",
            "2026-11-20"
        ),
        new(
            "vllm-gdn",
            ReleaseRange.All,
            "Qwen3.5 and Qwen3.6 with GDN layers, sparse indexers: refused by vLLM itself",
            EvidenceVerdict.Note,
            null,
            "vllm#48613, PR #57815, #52155",
            "2026-11-20"
        ),
    ];
}
