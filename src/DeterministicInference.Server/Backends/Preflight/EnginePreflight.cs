using System.Text.Json;
using DeterministicInference.Server.Backends.Guard;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Preflight;

/// <summary>Puts together what speaks against an engine and its determinism. Pure: the same arguments give the same findings.</summary>
internal static class EnginePreflight
{
    /// <param name="backend">The engine.</param>
    /// <param name="options">Settings.</param>
    /// <param name="machine">What it is launched on.</param>
    /// <param name="report">What an engine that is attached to says of its start, where it says anything.</param>
    public static DeterminismVerdict Check(IBackend backend, InferenceOptions options, MachineFacts machine, JsonElement? report = null)
    {
        IEnumerable<Finding> found = options.BackendUrl is null ? CheckLaunch(backend, options, machine) : CheckAttached(backend, options, report);
        if (!options.Enforces) found = found.Prepend(Finding.Undermines("determinism_off", "--determinism off: nothing is pinned. Leave it out, or give --determinism enforce."));
        return new DeterminismVerdict(backend.Basis, [.. found]);
    }

    private static IEnumerable<Finding> CheckLaunch(IBackend backend, InferenceOptions options, MachineFacts machine)
    {
        if (!GuardedProcess.IsSupported)
        {
            yield return Finding.Refused("launch_unsupported", "Engines are launched on Linux (x64, arm64) only. Start the engine yourself and attach to it with --backend-url.");
        }
        if (machine.Model.IsMissing)
        {
            string there = $"--model-path: there is no '{options.ModelPath}' on this machine.";
            yield return RunsHere(backend, options)
                ? Finding.Refused("model_missing", $"{there} Give the path of the model, or its name on the model hub, such as qwen/qwen2.5-0.5b-instruct.")
                : Finding.Note("model_not_seen", $"{there} The program of --backend-command may see another one.");
        }
        foreach (Finding finding in backend.CheckLaunch(options, machine)) yield return finding;
        if (options.Enforces && backend.RendersModelTemplates && machine.Model.TemplateUsesClock)
        {
            yield return Finding.Undermines("template_uses_clock", "The model's chat template asks for the date, so that the same messages are another prompt tomorrow. Pass a template without it after --: --chat-template FILE.");
        }
    }

    // What somebody else started can't be refused.
    private static IEnumerable<Finding> CheckAttached(IBackend backend, InferenceOptions options, JsonElement? report) => options.Enforces
        ? backend.CheckAttached(report).Select(finding => finding.Kind == FindingKind.Refused ? finding with { Kind = FindingKind.Undermines } : finding)
        : [];

    /// <summary>Whether the engine sees this machine's files. A command that is not the engine's own may be a wrapper that runs it in a container.</summary>
    private static bool RunsHere(IBackend backend, InferenceOptions options) =>
        options.BackendCommand is not { } command
        || (backend.Executable is { } own && Path.GetFileName(command).StartsWith(own.TrimEnd('3'), StringComparison.Ordinal));
}
