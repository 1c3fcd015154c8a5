using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>SGLang's arguments that affect determinism, from its command line or its own report.</summary>
internal sealed record SglangConfiguration
{
    public bool IsDeterministic { get; private init; }

    /// <summary>The attention backends in use; empty if SGLang chooses.</summary>
    public IReadOnlyList<string> Attention { get; private init; } = [];

    public int? ChunkedPrefill { get; private init; }

    /// <summary>What longer prompts are cut at; null if it is not known.</summary>
    public SglangAlignment? Alignment { get; init; }

    /// <summary>What SGLang computes on.</summary>
    public ComputeKind Kind { get; init; }

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
            IsSpeculative = own.WithPrefix("--spec") is not null,
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
}
