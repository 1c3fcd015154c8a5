using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>The facts of SGLang's answers. SGLang reports its arguments as resolved.</summary>
internal sealed class SglangFacts : IEngineFacts
{
    /// <summary>
    /// Members of ServerArgs (server_args.py) that select kernels, number formats, partitioning, and defaults of
    /// requests. Excluded are paths, memory sizes, logging, and the seed that is drawn at each start.
    /// </summary>
    private static readonly string[] Arguments =
    [
        "attention_backend",
        "prefill_attention_backend",
        "decode_attention_backend",
        "mm_attention_backend",
        "sampling_backend",
        "grammar_backend",
        "chunked_prefill_size",
        "enable_mixed_chunk",
        "page_size",
        "disable_radix_cache",
        "disable_chunked_prefix_cache",
        "disable_overlap_schedule",
        "dtype",
        "kv_cache_dtype",
        "quantization",
        "torchao_config",
        "enable_fp32_lm_head",
        "load_format",
        "model_impl",
        "tp_size",
        "pp_size",
        "dp_size",
        "ep_size",
        "moe_dp_size",
        "moe_dense_tp_size",
        "attn_cp_size",
        "nnodes",
        "enable_dp_attention",
        "enable_dp_lm_head",
        "context_length",
        "allow_auto_truncate",
        "tokenizer_mode",
        "skip_tokenizer_init",
        "is_embedding",
        "json_model_override_args",
        "enable_deterministic_inference",
        "rl_on_policy_target",
        "sampling_defaults",
        "preferred_sampling_params",
        "speculative_algorithm",
        "speculative_num_steps",
        "speculative_eagle_topk",
        "speculative_num_draft_tokens",
        "speculative_accept_threshold_single",
        "speculative_accept_threshold_acc",
        "speculative_attention_mode",
        "speculative_draft_model_quantization",
        "moe_runner_backend",
        "moe_a2a_backend",
        "speculative_moe_runner_backend",
        "flashinfer_mxfp4_moe_precision",
        "enable_flashinfer_allreduce_fusion",
        "fp8_gemm_runner_backend",
        "fp4_gemm_runner_backend",
        "nsa_prefill_backend",
        "nsa_decode_backend",
        "linear_attn_backend",
        "mamba_backend",
        "mamba_ssm_dtype",
        "disable_custom_all_reduce",
        "enable_nccl_nvls",
        "enable_symm_mem",
        "enable_torch_compile",
        "disable_cuda_graph",
        "disable_cuda_graph_padding",
        "triton_attention_num_kv_splits",
        "triton_attention_reduce_in_fp32",
        "triton_attention_split_tile_size",
        "num_continuous_decode_steps",
        "enable_lora",
        "max_lora_rank",
        "lora_backend",
        "reasoning_parser",
        "tool_call_parser",
        "chat_template",
        "completion_template",
        "revision",
    ];

    /// <summary>Prefixes of SGLang's own variables, and of those of the vLLM kernels that it may use.</summary>
    private static readonly string[] Variables = [.. VariableFacts.OfPyTorch, "SGLANG_", "SGL_", "VLLM_"],
        LeftOutVariables = ["SGLANG_LOG", "VLLM_LOG"];

    public IReadOnlyList<string> Paths => SglangDeterminism.ServerInfo;

    /// <summary>If vLLM is installed, SGLang uses its quantised kernels (layers/quantization/__init__.py).</summary>
    public PythonPackages Packages { get; } = new("sglang") { Others = ["sgl-kernel", "vllm"] };

    public bool DownloadsModels => true;

    public void DescribeLaunch(FactInputs inputs, FactSheet sheet)
    {
        sheet.NeedsEngine("which version SGLang has, and how it resolves its arguments", "engine_not_described");
        if (!inputs.IsLaunched)
        {
            AttachedFacts.Describe(sheet);
            return;
        }
        ComputeFacts.Describe(inputs, sheet);
        VariableFacts.Describe(inputs.Variables, Variables, LeftOutVariables, sheet);
        Packages.Describe(inputs, sheet);
    }

    public void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet)
    {
        if (answers.First(Paths) is not { } path || answers.Member(path, "enable_deterministic_inference") is null)
        {
            sheet.AddMissing(
                "engine_not_described",
                "SGLang does not report its arguments (/server_info). Use a build that does, and give the key "
                    + "that it requires (--backend-api-key)."
            );
            return;
        }
        sheet.Reported("engine.version", answers.Text(path, "version"));
        foreach (string name in Arguments)
        {
            if (answers.Text(path, name) is { } value && !PathText.LooksLikePathOrUrl(value))
                sheet.Reported("argument." + name, value);
        }
    }

    public IReadOnlyList<ModelPart> ModelParts(ServeOptions options)
    {
        var own = new EngineCommandLine(options.BackendArguments);
        return ModelReferences.Of(
            options.ModelPath,
            own.Value("--revision"),
            [
                (
                    "draft",
                    own.Value("--speculative-draft-model-path", "--speculative-draft-model"),
                    own.Value("--speculative-draft-model-revision")
                ),
                ("tokenizer", own.Value("--tokenizer-path"), own.Value("--revision")),
                ("template", ModelReferences.File(own.Value("--chat-template")), null),
            ],
            own.Values("--lora-paths")
        );
    }

    public string? DownloadFolder(ServeOptions options) =>
        new EngineCommandLine(options.BackendArguments).Value("--download-dir");
}
