using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>The basis of SGLang's determinism, and reasons against it.</summary>
internal sealed class SglangDeterminism : IEngineDeterminism
{
    private const string BatchVariant = "SGLANG_BATCH_INVARIANT_OPS_ENABLE_MM_FALLBACK_VARIANT";

    /// <summary>Lowest compute capability of SGLang's kernels.</summary>
    private static readonly ComputeCapability Oldest = new(7, 5);

    public string Basis => "SGLang's deterministic mode, for one build on GPUs of one kind";

    public IReadOnlyList<EvidenceRow> Evidence => SglangEvidence.Rows;

    /// <summary>The second path is the first one's name in older builds.</summary>
    public static readonly IReadOnlyList<string> ServerInfo = ["/server_info", "/get_server_info"];

    public IReadOnlyList<string> ReportPaths => ServerInfo;

    /// <summary>On the OpenAI routes (sgl-project/sglang#15498).</summary>
    public string SeedlessBuilds => "SGLang before 2025-12-19";

    public IReadOnlyList<string> TemplateFlags { get; } = ["--chat-template"];

    public IReadOnlyList<string> ReportCodes { get; } =
    [IEngineDeterminism.ArgumentsUnknown.Code, "mode_off", .. SglangRules.Codes];

    public IEnumerable<Finding> CheckLaunch(ServeOptions options, MachineFacts machine)
    {
        if (!options.Enforces)
            yield break;
        ComputeKind kind = EngineCompute.Of(options, machine);
        if (kind == ComputeKind.Cpu)
        {
            yield return Finding.Refused(
                "engine_cpu",
                "SGLang has no deterministic mode on a processor. Use --backend embedded or llamacpp, or "
                    + "--determinism off."
            );
            yield break;
        }
        bool isNvidia = kind is ComputeKind.Cuda or ComputeKind.Unknown;
        if (isNvidia && machine.Least < Oldest)
        {
            yield return Finding.Degrades(
                "gpu_unsupported",
                $"SGLang supports compute capability {Oldest} and newer, and a GPU of this machine has "
                    + $"{machine.Least}. Use a newer GPU."
            );
        }
        if (isNvidia && !machine.HasGpu)
        {
            yield return Finding.Note(
                "gpu_unknown",
                "No NVIDIA GPU is seen, so SGLang chooses the attention backend. Name one after --: "
                    + "--attention-backend triton."
            );
        }
        if (machine.Installation?.Plugins.FirstOrDefault(IsOwnPlugin) is { } plugin)
        {
            yield return Finding.Degrades(
                "engine_plugins",
                $"The Python package of {plugin} is a plug-in of SGLang, which may replace any function. Use an "
                    + "environment without it."
            );
        }
        SglangConfiguration configuration = SglangConfiguration.Of(
            new EngineCommandLine(options.BackendArguments),
            SglangLauncher.AttentionFor(kind, machine)
        );
        foreach (Finding finding in SglangAttention.Check(configuration, machine))
            yield return finding;
        configuration = configuration with
        {
            RadixCacheIsOff = configuration.RadixCacheIsOff || options.IsStrict,
            Version = machine.Installation?.EngineVersion,
            Alignment = SglangAlignment.Of(machine.Variables),
            Kind = kind,
        };
        foreach (Finding finding in SglangRules.Check(configuration, machine.Model))
            yield return finding;
        if (machine.Variables.GetValueOrDefault(BatchVariant) is { } variant and not ("0" or "false" or ""))
        {
            yield return Finding.Degrades(
                "batch_variant_gemm",
                $"{BatchVariant}={variant} selects matrix products that vary with the batch. Leave the variable out."
            );
        }
    }

    private static bool IsOwnPlugin(string plugin) => plugin.StartsWith("sglang.", StringComparison.Ordinal);

    /// <summary>No findings: the engine reports its arguments.</summary>
    public IEnumerable<Finding> CheckAttached() => [];

    /// <summary>As in <see cref="SglangFacts.Watched"/>.</summary>
    public IReadOnlyList<string> ModelPaths { get; } = ["/model_info", "/get_model_info"];

    public IReadOnlyList<string> ModelCodes { get; } = ["architecture_unproven"];

    public IEnumerable<Finding> CheckModel(JsonElement model) =>
        model.TryGetProperty("architectures", out JsonElement names) && names.ValueKind == JsonValueKind.Array
            ? SglangRules.CheckArchitecture(
                names
                    .EnumerateArray()
                    .Where(name => name.ValueKind == JsonValueKind.String)
                    .Select(name => name.GetString()!)
            )
            : [];

    public IEnumerable<Finding> CheckReport(JsonElement? report)
    {
        if (report is not { } told || SglangConfiguration.Of(told) is not { } configuration)
            return [IEngineDeterminism.ArgumentsUnknown];
        return configuration.IsDeterministic
            ? SglangRules.Check(configuration, new ModelFacts())
            :
            [
                Finding.Degrades(
                    "mode_off",
                    "SGLang was started without --enable-deterministic-inference. Add it, or let this server "
                        + "launch SGLang."
                ),
            ];
    }
}
