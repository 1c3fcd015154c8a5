namespace DeterministicInference.Server.Backends.Facts;

/// <summary>What SGLang's answers depend on. It reports its arguments as it has resolved them.</summary>
internal static class SglangFacts
{
    /// <summary>
    /// Of ServerArgs in its python/sglang/srt/server_args.py: what chooses kernels, number formats, how work is cut and joined, and what a request
    /// leaves out. Not where things are, how much memory they take, what is logged, and the seed that is drawn at each start.
    /// </summary>
    private static readonly string[] Arguments =
    [
        "attention_backend", "prefill_attention_backend", "decode_attention_backend", "mm_attention_backend", "sampling_backend", "grammar_backend",
        "chunked_prefill_size", "enable_mixed_chunk", "page_size", "disable_radix_cache", "disable_chunked_prefix_cache", "disable_overlap_schedule",
        "dtype", "kv_cache_dtype", "quantization", "torchao_config", "enable_fp32_lm_head", "load_format", "model_impl",
        "tp_size", "pp_size", "dp_size", "ep_size", "moe_dp_size", "moe_dense_tp_size", "attn_cp_size", "nnodes", "enable_dp_attention", "enable_dp_lm_head",
        "context_length", "allow_auto_truncate", "tokenizer_mode", "skip_tokenizer_init", "is_embedding", "json_model_override_args",
        "enable_deterministic_inference", "rl_on_policy_target", "sampling_defaults", "preferred_sampling_params",
        "speculative_algorithm", "speculative_num_steps", "speculative_eagle_topk", "speculative_num_draft_tokens", "speculative_accept_threshold_single",
        "speculative_accept_threshold_acc", "speculative_attention_mode", "speculative_draft_model_quantization",
        "moe_runner_backend", "moe_a2a_backend", "speculative_moe_runner_backend", "flashinfer_mxfp4_moe_precision", "enable_flashinfer_allreduce_fusion",
        "fp8_gemm_runner_backend", "fp4_gemm_runner_backend", "nsa_prefill_backend", "nsa_decode_backend", "linear_attn_backend", "mamba_backend", "mamba_ssm_dtype",
        "disable_custom_all_reduce", "enable_nccl_nvls", "enable_symm_mem", "enable_torch_compile", "disable_cuda_graph", "disable_cuda_graph_padding",
        "triton_attention_num_kv_splits", "triton_attention_reduce_in_fp32", "triton_attention_split_tile_size", "num_continuous_decode_steps",
        "enable_lora", "max_lora_rank", "lora_backend", "reasoning_parser", "tool_call_parser", "chat_template", "completion_template", "revision",
    ];

    public static void Describe(FactInputs inputs, IReadOnlyList<string> reportPaths, FactSheet sheet)
    {
        string? path = reportPaths.FirstOrDefault(inputs.Answers.ContainsKey);
        if (path is null || inputs.Member(path, "enable_deterministic_inference") is null)
        {
            sheet.Lacks("engine_not_described", "SGLang does not say how it was started (/server_info). Use a build that does, with the key that it wants (--backend-api-key).");
        }
        else
        {
            sheet.Reported("engine.version", inputs.Answer(path, "version"));
            foreach (string name in Arguments)
            {
                if (inputs.Answer(path, name) is { } value && !PathText.IsPlace(value)) sheet.Reported("argument." + name, value);
            }
        }
        if (!inputs.IsLaunched)
        {
            AttachedFacts.Describe(sheet);
            return;
        }
        GpuFacts.Describe(inputs.Machine, inputs.Variables, sheet);
        VariableFacts.Describe(inputs.Variables, VariableFacts.OfGpuEngines, sheet);
        PackageFacts.Describe(inputs, "sglang", sheet);
    }
}
