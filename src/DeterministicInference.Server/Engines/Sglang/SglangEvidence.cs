using DeterministicInference.Server.Engines.Evidence;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>What is known of SGLang, row by row.</summary>
internal static class SglangEvidence
{
    /// <summary>Every row.</summary>
    public static IReadOnlyList<EvidenceRow> Rows { get; } =
    [
        new(
            "sgl-mode",
            ReleaseRange.All,
            "started without --enable-deterministic-inference",
            EvidenceVerdict.BestEffort,
            "mode_off",
            "sglang docs/advanced_features/deterministic_inference.mdx@3c4ebc4",
            "2026-11-20"
        ),
        new(
            "sgl-arguments",
            ReleaseRange.All,
            "attached, and /server_info does not answer",
            EvidenceVerdict.BestEffort,
            "arguments_unknown",
            "this server",
            "2026-11-30"
        ),
        new(
            "sgl-seeds-old",
            ReleaseRange.All,
            "seeds of the OpenAI routes are ignored (builds before 2025-12-19)",
            EvidenceVerdict.BestEffort,
            "seed_ignored",
            "sglang#15498; tried before it is ready",
            "2026-07-20"
        ),
        new(
            "sgl-backends",
            ReleaseRange.All,
            "attention backend fa3, fa4, triton, flashinfer or ascend",
            EvidenceVerdict.Deterministic,
            null,
            "sglang arg_groups/choices.py, DETERMINISTIC_ATTENTION_BACKEND_CHOICES",
            "2026-11-30"
        ),
        new(
            "sgl-xpu",
            new("0.5.18.post1", null),
            "attention backend intel_xpu",
            EvidenceVerdict.Deterministic,
            null,
            "sglang#29143 (2026-08-24)",
            "2026-11-30"
        ),
        new(
            "sgl-backend-other",
            ReleaseRange.All,
            "another attention backend",
            EvidenceVerdict.Refused,
            "attention_backend",
            "sglang arg_groups/choices.py: ValueError",
            "2026-11-30"
        ),
        new(
            "sgl-backend-gpu",
            ReleaseRange.All,
            "fa3 on compute capability below 8.0 or from 10.0 on",
            EvidenceVerdict.Refused,
            "attention_backend_gpu",
            "sglang docs/advanced_features/attention_backend.md",
            "2026-07-20"
        ),
        new(
            "sgl-fa3-radix",
            ReleaseRange.All,
            "fa3 with the radix cache: a cached prefix as long as a block changes answers",
            EvidenceVerdict.BestEffort,
            "prefix_cache",
            "sglang#22819 (open), #25479 (closed, not merged)",
            "2026-11-20"
        ),
        new(
            "sgl-triton-radix",
            ReleaseRange.All,
            "triton with the radix cache",
            EvidenceVerdict.Deterministic,
            null,
            "sglang docs/advanced_features/deterministic_inference.mdx, coverage map",
            "2026-11-30"
        ),
        new(
            "sgl-flashinfer",
            ReleaseRange.All,
            "flashinfer: SGLang switches the radix cache off by itself",
            EvidenceVerdict.Deterministic,
            null,
            "sglang 0.5.23, attention_hook.py",
            "2026-11-30"
        ),
        new(
            "sgl-mla",
            ReleaseRange.All,
            "an MLA model on another attention backend than fa3, triton, ascend, or fa4 on compute capability 10 and "
                + "11",
            EvidenceVerdict.Refused,
            "attention_backend",
            "sglang 0.5.23, attention_hook.py:622",
            "2026-11-30"
        ),
        new(
            "sgl-mla-backends",
            ReleaseRange.All,
            "an MLA model on triton, on ascend, or on fa4 on compute capability 10 and 11",
            EvidenceVerdict.Deterministic,
            null,
            "sglang 0.5.23, attention_hook.py; #33945",
            "2026-11-30"
        ),
        new(
            "sgl-gemma4",
            ReleaseRange.All,
            "Gemma 4: 18 of 40 answers flip on compute capability 10.0",
            EvidenceVerdict.BestEffort,
            "architecture_unproven",
            "sglang#34683 (open)",
            "2026-11-20"
        ),
        new(
            "sgl-hybrid",
            ReleaseRange.All,
            "Qwen3-Next, Qwen3.5 and other models with linear attention or Mamba layers",
            EvidenceVerdict.BestEffort,
            "architecture_unproven",
            "sglang#31261 (open), #12845, #36291 (open)",
            "2026-11-30"
        ),
        new(
            "sgl-dsv4",
            ReleaseRange.All,
            "DeepSeek V4",
            EvidenceVerdict.BestEffort,
            "architecture_unproven",
            "sglang PR #37292 (open)",
            "2026-11-30"
        ),
        new(
            "sgl-quantised",
            ReleaseRange.All,
            "a quantised model or --quantization: scales of activations depend on the batch",
            EvidenceVerdict.BestEffort,
            "quantised_gemm",
            "sglang coverage map: quantized GEMM paths are not covered",
            "2026-11-30"
        ),
        new(
            "sgl-kv8",
            ReleaseRange.All,
            "--kv-cache-dtype fp8 or fp4",
            EvidenceVerdict.BestEffort,
            "kv_cache_type",
            "sglang#35938",
            "2026-11-20"
        ),
        new(
            "sgl-gptoss",
            ReleaseRange.All,
            "GPT-OSS: gpt-oss-120b's answers differ above 8 requests at once",
            EvidenceVerdict.BestEffort,
            "architecture_unproven",
            "sglang#19431 (open)",
            "2026-11-20"
        ),
        new(
            "sgl-moe-tp",
            ReleaseRange.All,
            "a mixture-of-experts model on several GPUs (--tp-size): fails at 2 for GPT-OSS, at 4 for "
                + "Qwen3-30B-A3B",
            EvidenceVerdict.BestEffort,
            "moe_tensor_parallel",
            "sglang#19431, #10785",
            "2026-11-30"
        ),
        new(
            "sgl-tp",
            new(null, "0.5.23"),
            "--tp-size above 2",
            EvidenceVerdict.BestEffort,
            "tensor_parallel",
            "https://lmsys.org/blog/2025-09-22-sglang-deterministic",
            "2026-07-20"
        ),
        new(
            "sgl-tp-new",
            new("0.5.23", null),
            "--tp-size above 2 on NVIDIA and AMD: the order of all-reduce is fixed",
            EvidenceVerdict.Deterministic,
            null,
            "sglang 0.5.23, attention_hook.py; coverage map",
            "2026-11-30"
        ),
        new(
            "sgl-tp-intel",
            ReleaseRange.All,
            "--tp-size above 2 on Intel's GPUs",
            EvidenceVerdict.BestEffort,
            "tensor_parallel",
            "not in the coverage map",
            "2026-11-30"
        ),
        new(
            "sgl-dp",
            ReleaseRange.All,
            "--dp-size, --enable-dp-attention or --attn-dp-size above 1",
            EvidenceVerdict.BestEffort,
            "data_parallel",
            "sglang 0.5.23, server_args.py",
            "2026-11-28"
        ),
        new(
            "sgl-cp",
            ReleaseRange.All,
            "--attn-cp-size, --dcp-size above 1, --enable-prefill-cp",
            EvidenceVerdict.BestEffort,
            "context_parallel",
            "not in the coverage map",
            "2026-11-30"
        ),
        new(
            "sgl-tf32",
            ReleaseRange.All,
            "--enable-tf32-matmul",
            EvidenceVerdict.BestEffort,
            "matmul_precision",
            "sglang 0.5.23, server_args.py; not in the coverage map",
            "2026-11-28"
        ),
        new(
            "sgl-hicache",
            ReleaseRange.All,
            "--enable-hierarchical-cache, --enable-lmcache, --enable-flexkv",
            EvidenceVerdict.BestEffort,
            "hierarchical_cache",
            "sglang 0.5.23, server_args.py; not in the coverage map",
            "2026-11-28"
        ),
        new(
            "sgl-watermark",
            ReleaseRange.All,
            "--enable-watermark",
            EvidenceVerdict.BestEffort,
            "watermark_sampling",
            "sglang 0.5.23, server_args.py: a mixing probability",
            "2026-11-28"
        ),
        new(
            "sgl-onpolicy",
            ReleaseRange.All,
            "--rl-on-policy-target: other kernels, and the mode by itself",
            EvidenceVerdict.Note,
            "on_policy_target",
            "sglang 0.5.23, attention_hook.py",
            "2026-11-30"
        ),
        new(
            "sgl-speculation",
            ReleaseRange.All,
            "any --speculative- argument",
            EvidenceVerdict.BestEffort,
            "speculative_decoding",
            "sglang#30822 (merged), #33395 (open: 12 of 12 answers differ)",
            "2026-11-20"
        ),
        new(
            "sgl-sampler",
            ReleaseRange.All,
            "--sampling-backend other than pytorch or ascend",
            EvidenceVerdict.BestEffort,
            "sampling_backend",
            "sglang 0.5.23, overrides, _deterministic_sampling_backend",
            "2026-11-30"
        ),
        new(
            "sgl-fallback-mm",
            ReleaseRange.All,
            "SGLANG_BATCH_INVARIANT_OPS_ENABLE_MM_FALLBACK_VARIANT=1",
            EvidenceVerdict.BestEffort,
            "batch_variant_gemm",
            "sglang coverage map",
            "2026-11-30"
        ),
        new(
            "sgl-chunk-old",
            new(null, "0.5.23"),
            "0 < --chunked-prefill-size below SGLANG_FLASHINFER_PREFILL_SPLIT_TILE_SIZE on flashinfer, or "
                + "SGLANG_TRITON_PREFILL_TRUNCATION_ALIGN_SIZE on triton (4096 each): longer prompts hang",
            EvidenceVerdict.Refused,
            "chunked_prefill",
            "sglang#36344",
            "2026-07-20"
        ),
        new(
            "sgl-chunk-flashinfer",
            new("0.5.23", null),
            "flashinfer and 0 < --chunked-prefill-size below SGLANG_FLASHINFER_PREFILL_SPLIT_TILE_SIZE (4096): "
                + "SGLang does not start",
            EvidenceVerdict.Refused,
            "chunked_prefill",
            "sglang 0.5.23, managers/scheduler.py:1802",
            "2026-11-28"
        ),
        new(
            "sgl-chunk-triton",
            new("0.5.23", null),
            "triton and any --chunked-prefill-size",
            EvidenceVerdict.Deterministic,
            null,
            "sglang 0.5.23, managers/scheduler.py:1741",
            "2026-11-28"
        ),
        new(
            "sgl-plugins",
            ReleaseRange.All,
            "entry points sglang.srt.plugins are installed",
            EvidenceVerdict.BestEffort,
            "engine_plugins",
            "sglang 0.5.23, srt/plugins",
            "2026-11-28"
        ),
        new(
            "sgl-config",
            ReleaseRange.All,
            "arguments in a --config file",
            EvidenceVerdict.BestEffort,
            "config_file",
            "this server does not read it",
            "2026-07-20"
        ),
        new(
            "sgl-cpu",
            ReleaseRange.All,
            "on a processor",
            EvidenceVerdict.Refused,
            "engine_cpu",
            "sglang 0.5.23, tried: ValueError",
            "2026-11-28"
        ),
        new(
            "sgl-gpu-old",
            ReleaseRange.All,
            "compute capability below 7.5",
            EvidenceVerdict.BestEffort,
            "gpu_unsupported",
            "sglang docs, supported hardware",
            "2026-07-20"
        ),
        new(
            "sgl-gpu-unknown",
            ReleaseRange.All,
            "no GPU is seen: SGLang chooses its attention backend",
            EvidenceVerdict.Note,
            "gpu_unknown",
            "sglang 0.5.23, overrides, _deterministic_attention_backend",
            "2026-11-30"
        ),
        new(
            "sgl-15388",
            ReleaseRange.All,
            "an open report without a condition",
            EvidenceVerdict.Note,
            null,
            "sglang#15388 (open)",
            "2026-11-20"
        ),
        new(
            "sgl-greedy",
            ReleaseRange.All,
            "greedy beside sampled requests in one batch take another path",
            EvidenceVerdict.Note,
            null,
            "sglang coverage map (is_all_greedy)",
            "2026-11-30"
        ),
    ];
}
