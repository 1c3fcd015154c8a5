using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>The basis of SGLang's determinism, and reasons against it.</summary>
internal sealed class SglangDeterminism : IEngineDeterminism
{
    /// <summary>Lowest compute capability of SGLang's kernels.</summary>
    private static readonly ComputeCapability Oldest = new(7, 5);

    public string Basis => "SGLang's deterministic mode, for one build on GPUs of one kind";

    /// <summary>The second path is the first one's name in older builds.</summary>
    public static readonly IReadOnlyList<string> ServerInfo = ["/server_info", "/get_server_info"];

    public IReadOnlyList<string> ReportPaths => ServerInfo;

    /// <summary>On the OpenAI routes (sgl-project/sglang#15498).</summary>
    public string SeedlessBuilds => "SGLang before 2025-12-19";

    public IReadOnlyList<string> TemplateFlags { get; } = ["--chat-template"];

    public IReadOnlyList<string> ReportCodes { get; } =
    [IEngineDeterminism.ArgumentsUnknown.Code, "mode_off", .. SglangConfiguration.Codes];

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
        foreach (Finding finding in configuration.CheckLaunch(machine))
            yield return finding;
        foreach (Finding finding in configuration.Check(machine.Model.IsMixtureOfExperts))
            yield return finding;
    }

    private static bool IsOwnPlugin(string plugin) => plugin.StartsWith("sglang.", StringComparison.Ordinal);

    /// <summary>No findings: the engine reports its arguments.</summary>
    public IEnumerable<Finding> CheckAttached() => [];

    public IEnumerable<Finding> CheckReport(JsonElement? report)
    {
        if (report is not { } told || SglangConfiguration.Of(told) is not { } configuration)
            return [IEngineDeterminism.ArgumentsUnknown];
        return configuration.IsDeterministic
            ? configuration.Check(isMixtureOfExperts: false)
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
