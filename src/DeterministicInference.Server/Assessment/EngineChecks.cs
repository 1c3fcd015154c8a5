using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Assessment;

/// <summary>
/// Findings from settings, machine and the engine's report. Pure: the same arguments give the same findings.
/// </summary>
internal static class EngineChecks
{
    /// <summary>Whether the engine is asked for its arguments.</summary>
    public static bool AsksForReport(IEngineKind engine, ServeOptions options) =>
        options.BackendUrl is not null && options.Enforces && engine.Determinism.ReportPaths.Count > 0;

    /// <summary>Whether the engine is asked which model it has.</summary>
    public static bool AsksForModel(IEngineKind engine, ServeOptions options, MachineFacts machine) =>
        options.Enforces && engine.Determinism.ModelPaths.Count > 0 && machine.Model.Architectures.Count == 0;

    /// <summary>Whether the engine's handling of seeds is tested before it is ready.</summary>
    public static bool TriesSeeds(IEngineKind engine, ServeOptions options) =>
        options.Enforces && engine.Determinism.SeedlessBuilds is not null;

    /// <summary>Findings that need no running engine.</summary>
    public static IReadOnlyList<Finding> BeforeLaunch(IEngineKind engine, ServeOptions options, MachineFacts machine)
    {
        IEnumerable<Finding> found = options.BackendUrl is null
            ? CheckLaunch(engine, options, machine)
            : CheckAttached(engine, options);
        return options.Enforces
            ? [.. found]
            :
            [
                Finding.Degrades(
                    "determinism_off",
                    "--determinism off: nothing is pinned. Leave it out, or give --determinism enforce."
                ),
                .. found,
            ];
    }

    /// <summary>Findings from the report of an attached engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="options">Settings.</param>
    /// <param name="report">The report; null if there is none.</param>
    public static IReadOnlyList<Finding> OfReport(IEngineKind engine, ServeOptions options, JsonElement? report) =>
        AsksForReport(engine, options) ? [.. engine.Determinism.CheckReport(report).Select(Tolerated)] : [];

    private static IEnumerable<Finding> CheckLaunch(IEngineKind engine, ServeOptions options, MachineFacts machine)
    {
        if (!GuardedProcess.IsSupported)
        {
            yield return Finding.Refused(
                "launch_unsupported",
                "Engines are launched on Linux (x64, arm64) only. Start the engine yourself and attach to it with "
                    + "--backend-url."
            );
        }
        if (machine.Model.IsMissing)
        {
            string there = $"--model-path: '{options.ModelPath}' does not exist on this machine.";
            yield return options.BackendCommand is { } command && engine.Launcher?.IsOwnProgram(command) != true
                ? Finding.Note("model_not_seen", $"{there} The program of --backend-command may still see it.")
                : Finding.Refused(
                    "model_missing",
                    engine.Facts.DownloadsModels
                        ? $"{there} Give the path of the model, or its name on the model hub, such as "
                            + "qwen/qwen2.5-0.5b-instruct."
                        : $"{there} Give the path of the model."
                );
        }
        // A wrapper may give the engine another folder.
        if (
            engine.Facts.DownloadsModels
            && machine.Model.FolderProblem is { } problem
            // vLLM's, of a configuration that is elsewhere.
            && new EngineCommandLine(options.BackendArguments).Last("--hf-config-path") is null
            && (options.BackendCommand is null || engine.Launcher?.IsOwnProgram(options.BackendCommand) == true)
        )
            yield return Finding.Refused("model_file", $"--model-path: '{options.ModelPath}' {problem}");
        foreach (Finding finding in ReservedArgument.Check(engine.Launcher!, options.BackendArguments))
            yield return finding;
        foreach (Finding finding in engine.Determinism.CheckLaunch(options, machine))
            yield return finding;
        if (options.Enforces && engine.Determinism.TemplateFlags is not null && machine.Model.TemplateUsesClock)
        {
            yield return Finding.Degrades(
                "template_uses_clock",
                "The model's chat template uses the date, so that the same messages give another prompt "
                    + $"tomorrow. Pass a template without it after --: {TemplateFlag(engine)} FILE."
            );
        }
    }

    /// <summary>The flag that takes a file, where another one takes the template itself.</summary>
    private static string TemplateFlag(IEngineKind engine) =>
        engine.Determinism.TemplateFlags!.FirstOrDefault(flag => flag.EndsWith("-file", StringComparison.Ordinal))
        ?? engine.Determinism.TemplateFlags![0];

    private static IEnumerable<Finding> CheckAttached(IEngineKind engine, ServeOptions options) =>
        options.Enforces ? engine.Determinism.CheckAttached().Select(Tolerated) : [];

    /// <summary>Turns refusals into degradations, as an attached engine can't be refused.</summary>
    private static Finding Tolerated(Finding finding) =>
        finding.Kind == FindingKind.Refused ? finding with { Kind = FindingKind.Degrades } : finding;
}
