using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>What follows from SGLang's arguments; <see cref="SglangEvidence"/> has the sources.</summary>
internal static class SglangRules
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
    /// Architectures with open reports against the mode (rows sgl-gemma4, sgl-hybrid, sgl-dsv4 and sgl-gptoss); those
    /// with linear attention or Mamba layers by SGLang's models (python/sglang/srt/models).
    /// </summary>
    private static readonly string[] Unproven =
    [
        "Gemma4",
        "GptOss",
        "DeepseekV4",
        "Qwen3Next",
        "Qwen3_5",
        "FalconH1",
        "GraniteMoeHybrid",
        "NemotronH",
        "KimiLinear",
        "Jamba",
        "Mamba",
        "FalconMamba",
        "Bamba",
        "Zamba",
        "Lfm2",
        "MiniMaxText01",
        "MiniMaxM1",
        "BailingMoeLinear",
        "JetNemotron",
        "JetVLM",
    ];

    /// <summary>
    /// Beyond two GPUs all-reduce needs changes that SGLang's announcement of the mode names as missing:
    /// https://lmsys.org/blog/2025-09-22-sglang-deterministic
    /// </summary>
    private const int MostParallel = 2;

    /// <summary>
    /// The release in which triton cuts prompts anywhere and a chunk that is too small ends the start
    /// (managers/scheduler.py:1741 and 1802), and the order of all-reduce is fixed for any number of GPUs
    /// (attention_hook.py).
    /// </summary>
    private static readonly ReleaseRange Aligned = new("0.5.23", null);

    /// <summary>Arguments that work but break determinism, end the start or make SGLang hang.</summary>
    /// <param name="configuration">The arguments.</param>
    /// <param name="model">The model, as far as its files show it.</param>
    public static IEnumerable<Finding> Check(SglangConfiguration configuration, ModelFacts model)
    {
        if (CheckChunk(configuration) is { } chunk)
            yield return chunk;
        if (
            configuration.CacheType?.StartsWith("fp8", StringComparison.Ordinal) == true
            || configuration.CacheType?.StartsWith("fp4", StringComparison.Ordinal) == true
        )
        {
            yield return Finding.Degrades(
                "kv_cache_type",
                $"--kv-cache-dtype {configuration.CacheType} is not known to be deterministic. Leave it out."
            );
        }
        if (configuration.Sampling is { } sampling and not ("pytorch" or "ascend"))
        {
            yield return Finding.Degrades(
                "sampling_backend",
                $"--sampling-backend {sampling} takes no seeds. Leave it out, and SGLang uses pytorch."
            );
        }
        if (configuration.IsSpeculative)
            yield return Finding.Degrades(
                "speculative_decoding",
                "Speculative decoding draws from a random state that all requests share. Leave --speculative-… out."
            );
        foreach (Finding finding in CheckParallel(configuration, model))
            yield return finding;
        foreach (Finding finding in CheckModel(configuration, model))
            yield return finding;
        foreach (Finding finding in CheckSwitches(configuration))
            yield return finding;
        if (configuration.HasFile)
            yield return Finding.Degrades(
                "config_file",
                "The arguments in the engine's --config file are not read. Give them after -- instead."
            );
    }

    /// <summary>A chunk below what prompts are cut at; 0 and -1 disable chunking.</summary>
    private static Finding? CheckChunk(SglangConfiguration configuration)
    {
        if (configuration.ChunkedPrefill is not (> 0 and var chunk))
            return null;
        IReadOnlyList<string> attention = configuration.Attention;
        bool isNew = Aligned.Contains(configuration.Version);
        // One that runs has been started.
        if (isNew && configuration.Alignment is null)
            return null;
        SglangAlignment alignment =
            configuration.Alignment ?? new SglangAlignment(SglangAlignment.Usual, SglangAlignment.Usual);
        bool mayBeFlashinfer = attention.Contains("flashinfer") || (attention.Count == 0 && !isNew),
            mayBeTriton = !isNew && (attention.Contains("triton") || attention.Count == 0);
        (int least, string variable) =
            mayBeFlashinfer && chunk < alignment.Flashinfer ? (alignment.Flashinfer, SglangAlignment.FlashinferVariable)
            : mayBeTriton && chunk < alignment.Triton ? (alignment.Triton, SglangAlignment.TritonVariable)
            : (0, "");
        if (least == 0)
            return null;
        return Finding.Refused(
            "chunked_prefill",
            isNew
                ? $"--chunked-prefill-size {chunk} ends the start of SGLang on flashinfer, where it is below {least} "
                    + $"({variable}). Give {least} or more, or leave it out."
                : $"--chunked-prefill-size {chunk} makes longer prompts hang forever in the deterministic mode of "
                    + $"builds before 0.5.23, which cut them at multiples of {least} ({variable}). Give {least} or "
                    + "more, or leave it out."
        );
    }

    private static IEnumerable<Finding> CheckParallel(SglangConfiguration configuration, ModelFacts model)
    {
        if (configuration.AttentionIsDataParallel || configuration.DataParallel > 1)
        {
            yield return Finding.Degrades(
                "data_parallel",
                "With --dp-size or --enable-dp-attention the batch that a request meets reaches across GPUs. Leave "
                    + "them out, and run several servers instead."
            );
        }
        int gpus = configuration.TensorParallel;
        if (gpus > 1 && model.IsMixtureOfExperts)
        {
            yield return Finding.Degrades(
                "moe_tensor_parallel",
                $"Mixture-of-experts models were seen to vary at --tp-size {gpus}, GPT-OSS from 2 on and "
                    + "Qwen3-30B-A3B from 4 on. Use one GPU."
            );
        }
        else if (
            gpus > MostParallel
            && (!Aligned.Contains(configuration.Version) || configuration.Kind == ComputeKind.Xpu)
        )
        {
            yield return Finding.Degrades(
                "tensor_parallel",
                $"--tp-size {gpus}: SGLang's deterministic mode is shown up to {MostParallel} GPUs. "
                    + $"Use at most {MostParallel}."
            );
        }
    }

    private static IEnumerable<Finding> CheckModel(SglangConfiguration configuration, ModelFacts model)
    {
        if (
            (configuration.Quantization ?? model.Quantization)
            is { Length: > 0 } quantization
                and not ("null" or "unquant")
        )
        {
            yield return Finding.Degrades(
                "quantised_gemm",
                $"SGLang's deterministic mode does not cover quantised matrix products ({quantization}). Use a model "
                    + "that is not quantised."
            );
        }
        foreach (Finding finding in CheckArchitecture(model.Architectures))
            yield return finding;
    }

    private static IEnumerable<Finding> CheckSwitches(SglangConfiguration configuration)
    {
        if (configuration.ContextParallel is { } parallel)
            yield return Finding.Degrades(
                "context_parallel",
                $"{parallel} is not part of SGLang's deterministic mode. Leave it out."
            );
        if (configuration.HasTf32)
            yield return Finding.Degrades(
                "matmul_precision",
                "--enable-tf32-matmul is not part of SGLang's deterministic mode. Leave it out."
            );
        if (configuration.OuterCache is { } cache)
            yield return Finding.Degrades(
                "hierarchical_cache",
                $"{cache} brings back what was computed in other batches. Leave it out."
            );
        if (configuration.HasWatermark)
            yield return Finding.Degrades(
                "watermark_sampling",
                "--enable-watermark mixes two ways of sampling by chance. Leave it out."
            );
        if (configuration.IsOnPolicy)
            yield return Finding.Note(
                "on_policy_target",
                "--rl-on-policy-target selects other kernels, which other machines must have too."
            );
        if (configuration.Attention.Contains("fa3") && !configuration.RadixCacheIsOff)
        {
            yield return Finding.Degrades(
                "prefix_cache",
                "On fa3 SGLang's answers vary with the prefix that its radix cache has (sgl-project/sglang#22819). "
                    + "Use --determinism strict, or give --disable-radix-cache or --attention-backend triton after --."
            );
        }
    }

    /// <summary>The reason against a model of these architectures, if there is one.</summary>
    public static IEnumerable<Finding> CheckArchitecture(IEnumerable<string> architectures) =>
        architectures.FirstOrDefault(IsUnproven) is { } architecture
            ?
            [
                Finding.Degrades(
                    "architecture_unproven",
                    $"Open reports say that SGLang's answers of {architecture} vary in its deterministic mode. Use "
                        + "another model."
                ),
            ]
            : [];

    private static bool IsUnproven(string architecture) =>
        Unproven.Any(beginning => architecture.StartsWith(beginning, StringComparison.Ordinal));
}
