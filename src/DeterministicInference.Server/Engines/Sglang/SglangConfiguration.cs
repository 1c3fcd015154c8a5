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
            AttentionIsDataParallel = own.Last("--enable-dp-attention") is not null,
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
            AttentionIsDataParallel = Has("enable_dp_attention", JsonValueKind.True),
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
    public IEnumerable<Finding> Check(bool isMixtureOfExperts)
    {
        // 0 and -1 disable chunking.
        if (
            ChunkedPrefill is > 0 and < LeastChunk
            && !(Attention.Count > 0 && Attention.All(name => name is "fa3" or "fa4" or "ascend"))
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
        if (TensorParallel > MostParallel)
        {
            yield return isMixtureOfExperts && TensorParallel >= 4
                ? Finding.Degrades(
                    "moe_tensor_parallel",
                    $"Mixture-of-experts models were seen to vary at --tp-size {TensorParallel}. Use at most "
                        + $"{MostParallel}."
                )
                : Finding.Degrades(
                    "tensor_parallel",
                    $"--tp-size {TensorParallel}: SGLang's deterministic mode is shown up to {MostParallel} GPUs. "
                        + $"Use at most {MostParallel}."
                );
        }
        if (HasFile)
            yield return Finding.Degrades(
                "config_file",
                "The arguments in the engine's --config file are not read. Give them after -- instead."
            );
    }
}
