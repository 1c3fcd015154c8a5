using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>SGLang's arguments that affect determinism, from its command line or its own report.</summary>
internal sealed record SglangConfiguration
{
    /// <summary>The codes of all findings of <see cref="Check"/>.</summary>
    public static readonly string[] Codes =
    [
        "chunked_prefill",
        "kv_cache_type",
        "sampling_backend",
        "speculative_decoding",
        "data_parallel",
        "moe_tensor_parallel",
        "tensor_parallel",
        "config_file",
        "prefix_cache",
        "quantised_gemm",
        "context_parallel",
        "matmul_precision",
        "hierarchical_cache",
        "watermark_sampling",
        "on_policy_target",
        "architecture_unproven",
    ];

    /// <summary>
    /// Architectures with open reports against the mode (SglangEvidence: Gemma 4, linear attention and Mamba layers,
    /// DeepSeek V4).
    /// </summary>
    private static readonly string[] Unproven =
    [
        "Gemma4",
        "Qwen3Next",
        "Qwen3_5",
        "DeepseekV4",
        "FalconH1",
        "GraniteMoeHybrid",
        "NemotronH",
        "KimiLinear",
        "Jamba",
        "Mamba",
    ];

    /// <summary>
    /// A longer prompt is cut at multiples of this on flashinfer and triton (managers/scheduler.py), so that smaller
    /// pieces never begin (sgl-project/sglang#36344).
    /// </summary>
    private const int LeastChunk = 4096;

    /// <summary>
    /// Beyond two GPUs all-reduce needs changes that SGLang's announcement of the mode names as missing:
    /// https://lmsys.org/blog/2025-09-22-sglang-deterministic
    /// </summary>
    private const int MostParallel = 2;

    /// <summary>
    /// The release in which triton needs no alignment (managers/scheduler.py:1741), and the order of all-reduce is
    /// fixed for any number of GPUs (attention_hook.py).
    /// </summary>
    private const string Aligned = "0.5.23";

    /// <summary>Attention backends that server_args.py accepts with --enable-deterministic-inference.</summary>
    private static readonly string[] DeterministicAttention = ["ascend", "fa3", "fa4", "flashinfer", "triton"];

    /// <summary>Architectures that the mode supports on fa3 and triton only (server_args.py).</summary>
    private static readonly string[] NarrowArchitectures =
    [
        "DeepseekV2ForCausalLM",
        "DeepseekV3ForCausalLM",
        "DeepseekV32ForCausalLM",
        "MistralLarge3ForCausalLM",
        "PixtralForConditionalGeneration",
        "GlmMoeDsaForCausalLM",
        "Glm4MoeLiteForCausalLM",
        "Glm5NextForConditionalGeneration",
    ];

    private static readonly ComputeCapability Ampere = new(8, 0),
        Blackwell = new(10, 0);

    public bool IsDeterministic { get; private init; }

    /// <summary>The attention backends in use; empty if SGLang chooses.</summary>
    public IReadOnlyList<string> Attention { get; private init; } = [];

    public int? ChunkedPrefill { get; private init; }

    public string? CacheType { get; private init; }

    public string? Sampling { get; private init; }

    public int TensorParallel { get; private init; } = 1;

    public int DataParallel { get; private init; } = 1;

    public bool AttentionIsDataParallel { get; private init; }

    public bool IsSpeculative { get; private init; }

    /// <summary>Whether nothing that was computed for a prefix is used again.</summary>
    public bool RadixCacheIsOff { get; init; }

    /// <summary>The build's version; null if unknown.</summary>
    public string? Version { get; init; }

    public string? Quantization { get; private init; }

    /// <summary>The flag by which a prompt is split over GPUs; null if none is given.</summary>
    public string? ContextParallel { get; private init; }

    public bool HasTf32 { get; private init; }

    /// <summary>The flag of a cache outside of the GPU; null if none is given.</summary>
    public string? OuterCache { get; private init; }

    public bool HasWatermark { get; private init; }

    public bool IsOnPolicy { get; private init; }

    /// <summary>Whether a file has further arguments, which are not read here.</summary>
    public bool HasFile { get; private init; }

    /// <summary>
    /// Whether the build accepts intel_xpu (merged 2026-08-24, sgl-project/sglang#29143, after release 0.5.18).
    /// </summary>
    public static bool HasXpuAttention(MachineFacts machine) =>
        ReleaseVersion.Parse(machine.Installation?.EngineVersion) > ReleaseVersion.Parse("0.5.18");

    public static bool NeedsFa3OrTriton(ModelFacts model) => model.Architectures.Intersect(NarrowArchitectures).Any();

    /// <param name="own">The user's arguments.</param>
    /// <param name="attention">Attention backend that is used if the arguments name none.</param>
    public static SglangConfiguration Of(EngineCommandLine own, string? attention) =>
        new()
        {
            IsDeterministic = true,
            Attention =
            [
                .. (
                    (string?[])
                        [
                            own.Value("--attention-backend") ?? attention,
                            own.Value("--prefill-attention-backend"),
                            own.Value("--decode-attention-backend"),
                        ]
                )
                    .OfType<string>()
                    .Distinct(),
            ],
            ChunkedPrefill = own.Number("--chunked-prefill-size"),
            CacheType = own.Value("--kv-cache-dtype"),
            Sampling = own.Value("--sampling-backend"),
            TensorParallel = own.Number("--tensor-parallel-size", "--tp-size", "--tp") ?? 1,
            DataParallel = own.Number("--data-parallel-size", "--dp-size", "--dp") ?? 1,
            AttentionIsDataParallel =
                own.Last("--enable-dp-attention") is not null
                || own.Number("--attn-dp-size", "--attention-data-parallel-size") > 1,
            RadixCacheIsOff = own.Last("--disable-radix-cache") is not null,
            Quantization = own.Value("--quantization", "--torchao-config"),
            ContextParallel =
                own.Number("--attn-cp-size", "--attention-context-parallel-size") > 1 ? "--attn-cp-size"
                : own.Number("--dcp-size", "--decode-context-parallel-size") > 1 ? "--dcp-size"
                : own.Last("--enable-prefill-cp"),
            HasTf32 = own.Last("--enable-tf32-matmul") is not null,
            OuterCache = own.Last("--enable-hierarchical-cache", "--enable-lmcache", "--enable-flexkv"),
            HasWatermark = own.Last("--enable-watermark", "--watermark-default-enabled") is not null,
            IsOnPolicy = own.Last("--rl-on-policy-target") is not null,
            IsSpeculative = own.WithPrefix("--speculative-") is not null,
            HasFile = own.Last("--config") is not null,
        };

    /// <returns>Null if the report does not contain the mode.</returns>
    public static SglangConfiguration? Of(JsonElement report)
    {
        if (
            report.ValueKind != JsonValueKind.Object
            || !Has("enable_deterministic_inference", JsonValueKind.True)
                && !Has("enable_deterministic_inference", JsonValueKind.False)
        )
            return null;
        return new()
        {
            IsDeterministic = Has("enable_deterministic_inference", JsonValueKind.True),
            Attention =
            [
                .. (
                    (string?[])
                        [Text("attention_backend"), Text("prefill_attention_backend"), Text("decode_attention_backend")]
                )
                    .OfType<string>()
                    .Distinct(),
            ],
            ChunkedPrefill = Number("chunked_prefill_size"),
            CacheType = Text("kv_cache_dtype"),
            Sampling = Text("sampling_backend"),
            TensorParallel = Number("tp_size") ?? 1,
            DataParallel = Number("dp_size") ?? 1,
            AttentionIsDataParallel = Has("enable_dp_attention", JsonValueKind.True) || Number("attn_dp_size") > 1,
            RadixCacheIsOff = Has("disable_radix_cache", JsonValueKind.True),
            Version = Text("version"),
            Quantization = Text("quantization") ?? Text("torchao_config"),
            ContextParallel =
                Number("attn_cp_size") > 1 ? "--attn-cp-size"
                : Number("dcp_size") > 1 ? "--dcp-size"
                : Has("enable_prefill_cp", JsonValueKind.True) ? "--enable-prefill-cp"
                : null,
            HasTf32 = Has("enable_tf32_matmul", JsonValueKind.True),
            OuterCache =
                Has("enable_hierarchical_cache", JsonValueKind.True) ? "--enable-hierarchical-cache"
                : Has("enable_lmcache", JsonValueKind.True) ? "--enable-lmcache"
                : Has("enable_flexkv", JsonValueKind.True) ? "--enable-flexkv"
                : null,
            HasWatermark = Has("enable_watermark", JsonValueKind.True),
            IsOnPolicy = Text("rl_on_policy_target") is not null,
            IsSpeculative = Text("speculative_algorithm") is not null,
        };

        bool Has(string name, JsonValueKind kind) =>
            report.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind;
        string? Text(string name) => Has(name, JsonValueKind.String) ? report.GetProperty(name).GetString() : null;
        int? Number(string name) =>
            Has(name, JsonValueKind.Number) && report.GetProperty(name).TryGetInt32(out int number) ? number : null;
    }

    /// <summary>Arguments that SGLang refuses.</summary>
    public IEnumerable<Finding> CheckLaunch(MachineFacts machine)
    {
        if (
            Attention.FirstOrDefault(name =>
                !DeterministicAttention.Contains(name) && !(name == "intel_xpu" && HasXpuAttention(machine))
            ) is
            { } unknown
        )
        {
            yield return Finding.Refused(
                "attention_backend",
                $"--attention-backend {unknown} has no deterministic mode. Use fa3, triton or flashinfer, or leave "
                    + "it out."
            );
        }
        else if (
            NeedsFa3OrTriton(machine.Model)
            && Attention.FirstOrDefault(name => name is not ("fa3" or "triton")) is { } narrow
        )
        {
            yield return Finding.Refused(
                "attention_backend",
                $"--attention-backend {narrow} has no deterministic mode for {machine.Model.Architectures[0]}. Use "
                    + "fa3 or triton, or leave it out."
            );
        }
        if (Attention.Contains("fa3") && (machine.Most < Ampere || machine.Least >= Blackwell))
        {
            yield return Finding.Refused(
                "attention_backend_gpu",
                "--attention-backend fa3 runs on compute capability 8.0 to 9.0, and this machine's GPUs have "
                    + $"{machine.Least}. Use triton, or leave it out."
            );
        }
    }

    /// <summary>Arguments that work but break determinism, or make SGLang hang.</summary>
    /// <param name="model">The model, as far as its files show it.</param>
    public IEnumerable<Finding> Check(ModelFacts model)
    {
        bool isNew = new ReleaseRange(Aligned, null).Contains(Version);
        // 0 and -1 disable chunking.
        if (
            ChunkedPrefill is > 0 and < LeastChunk
            && (
                isNew
                    ? Attention.Contains("flashinfer")
                    : !(Attention.Count > 0 && Attention.All(name => name is "fa3" or "fa4" or "ascend"))
            )
        )
        {
            yield return Finding.Refused(
                "chunked_prefill",
                $"--chunked-prefill-size {ChunkedPrefill} makes longer prompts hang forever in the deterministic "
                    + $"mode. Give {LeastChunk} or more, or leave it out."
            );
        }
        if (
            CacheType?.StartsWith("fp8", StringComparison.Ordinal) == true
            || CacheType?.StartsWith("fp4", StringComparison.Ordinal) == true
        )
        {
            yield return Finding.Degrades(
                "kv_cache_type",
                $"--kv-cache-dtype {CacheType} is not known to be deterministic. Leave it out."
            );
        }
        if (Sampling is { } sampling and not ("pytorch" or "ascend"))
        {
            yield return Finding.Degrades(
                "sampling_backend",
                $"--sampling-backend {sampling} takes no seeds. Leave it out, and SGLang uses pytorch."
            );
        }
        if (IsSpeculative)
            yield return Finding.Degrades(
                "speculative_decoding",
                "Speculative decoding draws from a random state that all requests share. Leave --speculative-… out."
            );
        if (AttentionIsDataParallel || DataParallel > 1)
        {
            yield return Finding.Degrades(
                "data_parallel",
                "With --dp-size or --enable-dp-attention the batch that a request meets reaches across GPUs. Leave "
                    + "them out, and run several servers instead."
            );
        }
        if (TensorParallel > 1 && model.IsMixtureOfExperts)
        {
            yield return Finding.Degrades(
                "moe_tensor_parallel",
                $"Mixture-of-experts models were seen to vary at --tp-size {TensorParallel}, GPT-OSS from 2 on and "
                    + "Qwen3-30B-A3B from 4 on. Use one GPU."
            );
        }
        else if (TensorParallel > MostParallel && !isNew)
        {
            yield return Finding.Degrades(
                "tensor_parallel",
                $"--tp-size {TensorParallel}: SGLang's deterministic mode is shown up to {MostParallel} GPUs. "
                    + $"Use at most {MostParallel}."
            );
        }
        foreach (Finding finding in CheckNewer(model))
            yield return finding;
        if (HasFile)
            yield return Finding.Degrades(
                "config_file",
                "The arguments in the engine's --config file are not read. Give them after -- instead."
            );
    }

    private IEnumerable<Finding> CheckNewer(ModelFacts model)
    {
        if ((Quantization ?? model.Quantization) is { Length: > 0 } quantization and not ("null" or "unquant"))
        {
            yield return Finding.Degrades(
                "quantised_gemm",
                $"SGLang's deterministic mode does not cover quantised matrix products ({quantization}). Use a model "
                    + "that is not quantised."
            );
        }
        if (model.Architectures.FirstOrDefault(IsUnproven) is { } architecture)
        {
            yield return Finding.Degrades(
                "architecture_unproven",
                $"Open reports say that SGLang's answers of {architecture} vary in its deterministic mode. Use another "
                    + "model."
            );
        }
        if (ContextParallel is { } parallel)
            yield return Finding.Degrades(
                "context_parallel",
                $"{parallel} is not part of SGLang's deterministic mode. Leave it out."
            );
        if (HasTf32)
            yield return Finding.Degrades(
                "matmul_precision",
                "--enable-tf32-matmul is not part of SGLang's deterministic mode. Leave it out."
            );
        if (OuterCache is { } cache)
            yield return Finding.Degrades(
                "hierarchical_cache",
                $"{cache} brings back what was computed in other batches. Leave it out."
            );
        if (HasWatermark)
            yield return Finding.Degrades(
                "watermark_sampling",
                "--enable-watermark mixes two ways of sampling by chance. Leave it out."
            );
        if (IsOnPolicy)
            yield return Finding.Note(
                "on_policy_target",
                "--rl-on-policy-target selects other kernels, which other machines must have too."
            );
        if (Attention.Contains("fa3") && !RadixCacheIsOff)
        {
            yield return Finding.Degrades(
                "prefix_cache",
                "On fa3 SGLang's answers vary with the prefix that its radix cache has (sgl-project/sglang#22819). "
                    + "Use --determinism strict, or give --disable-radix-cache or --attention-backend triton after --."
            );
        }
    }

    private static bool IsUnproven(string architecture) =>
        Unproven.Any(beginning => architecture.StartsWith(beginning, StringComparison.Ordinal));
}
