using System.Text.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Evidence;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>The basis of llama-server's determinism, and reasons against it.</summary>
internal sealed class LlamaCppDeterminism : IEngineDeterminism
{
    private const string GgufRemedy = "Give --model-path a .gguf file, or a folder with exactly one.";

    /// <summary>Number of slots for <c>-np -1</c>.</summary>
    private const int AutomaticSlots = 4;

    public string Basis =>
        "llama.cpp computes one request at a time, without a prompt cache, in one build on one kind of processor and "
        + "GPU";

    public IReadOnlyList<EvidenceRow> Evidence => LlamaCppEvidence.Rows;

    public IReadOnlyList<string> ReportPaths { get; } = ["/props"];

    public IReadOnlyList<string> ReportCodes { get; } = ["parallel_slots"];

    public IReadOnlyList<string> TemplateFlags { get; } = ["--chat-template", "--chat-template-file"];

    public string? TemplateIn(ServeOptions options, IReadOnlyDictionary<string, string> variables) =>
        LlamaCppArguments.Of(options.BackendArguments, variables).Value([.. TemplateFlags]) is { Length: > 0 } template
            ? template
            : null;

    public IEnumerable<Finding> CheckLaunch(ServeOptions options, MachineFacts machine)
    {
        if (FileProblem(options, machine.Model) is { } problem)
            yield return Finding.Refused("model_file", $"{problem} {GgufRemedy}");
        EngineCommandLine own = LlamaCppArguments.Of(
            [.. LlamaCppArguments.Pinned(options, machine), .. options.BackendArguments],
            machine.Variables
        );
        // Variables that would are taken out of its environment.
        if (Opening(new EngineCommandLine(options.BackendArguments, abbreviates: false)) is { } opening)
        {
            yield return Finding.Refused(
                "engine_opened",
                $"{opening} lets requests run programs, fetch pages or change settings on llama-server, beside the "
                    + "requests that this server checks. Leave it out."
            );
        }
        if (
            own.Value("--chat-template") is { } template
            && !LlamaCppArguments.Templates.Contains(template)
            && ModelReferences.File(template) is not null
        )
        {
            yield return Finding.Refused(
                "template_file",
                $"llama-server takes the value of --chat-template, '{template}', for the template itself. Use "
                    + "--chat-template-file."
            );
        }
        if (!options.Enforces)
            yield break;
        foreach (Finding finding in CheckArguments(own))
            yield return finding;
    }

    /// <summary>/props reports the slots, but no arguments.</summary>
    public IEnumerable<Finding> CheckReport(JsonElement? report)
    {
        if (
            report is { ValueKind: JsonValueKind.Object } told
            && told.TryGetProperty("total_slots", out JsonElement slots)
            && slots.TryGetInt32(out int count)
            && count > 1
        )
        {
            yield return ParallelSlots(count);
        }
    }

    /// <summary>Number of slots according to the arguments.</summary>
    public static int Slots(EngineCommandLine own) =>
        own.Number("-np", "--parallel") is not { } given ? 1
        : given > 0 ? given
        : AutomaticSlots;

    private static string? Opening(EngineCommandLine own) =>
        own.Last("--tools", "--tools-runtime", "-ag", "--agent", "--ui-mcp-proxy", "--webui-mcp-proxy", "--props")
        ?? own.WithPrefix("--mcp-servers-");

    private static string? FileProblem(ServeOptions options, ModelFacts model)
    {
        if (model.IsMissing || model.GgufFiles.Count == 1)
            return null;
        string path = options.ModelPath!;
        if (model.GgufFiles.Count > 1)
            return $"'{path}' has {model.GgufFiles.Count} .gguf files.";
        if (model.IsFolder)
            return $"'{path}' has no .gguf file.";
        // A file that is not visible here may be visible to a wrapper that runs the engine elsewhere.
        return path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? null : $"'{path}' is not a .gguf file.";
    }

    private static IEnumerable<Finding> CheckArguments(EngineCommandLine own)
    {
        if (own.WithPrefix("--models-") is { } router)
        {
            yield return Finding.Refused(
                "router_mode",
                $"{router} makes llama-server load and unload models by itself, so that the model that answers is "
                    + "unknown. Leave it out."
            );
        }
        if (own.Number("--sleep-idle-seconds") >= 0)
        {
            yield return Finding.Degrades(
                "model_reloaded",
                "--sleep-idle-seconds makes llama-server load the model anew after a pause, whatever its file has "
                    + "become by then. Leave it out."
            );
        }
        if (Slots(own) is > 1 and var slots)
            yield return ParallelSlots(slots);
        if (own.Last("--cache-prompt", "--no-cache-prompt") is "--cache-prompt" || own.Number("--cache-reuse") > 0)
        {
            yield return Finding.Degrades(
                "prompt_cache",
                "Cache entries of earlier requests change an answer. Leave --cache-prompt and --cache-reuse out."
            );
        }
        if (Speculates(own))
        {
            yield return Finding.Degrades(
                "speculative_decoding",
                "Speculative decoding computes in batches that vary. Leave the draft model out."
            );
        }
        if (own.Value("-fa", "--flash-attn") is "auto")
            yield return Finding.Degrades(
                "flash_attention_auto",
                "-fa auto is resolved anew at every start. Give -fa on or -fa off."
            );
        if (own.Last("-bs", "--backend-sampling", "--no-backend-sampling") is "-bs" or "--backend-sampling")
        {
            yield return Finding.Degrades(
                "sampling_backend",
                "--backend-sampling (LLAMA_ARG_BACKEND_SAMPLING) is experimental in llama-server. Leave it out."
            );
        }
        if (own.Last("--rpc") is not null)
        {
            yield return Finding.Degrades(
                "remote_compute",
                "--rpc (LLAMA_ARG_RPC) computes on other machines, which are not measured. Leave it out."
            );
        }
        if (own.Last("--context-shift", "--no-context-shift") is "--context-shift")
        {
            yield return Finding.Degrades(
                "context_shift",
                "--context-shift drops what was computed and keeps what depended on it. Leave it out."
            );
        }
    }

    /// <summary>
    /// Whether an argument is about speculation, whatever it says of it: all are named so, but for a few short ones and
    /// caches that are looked up. Only --spec-type can say that there is none.
    /// </summary>
    private static bool Speculates(EngineCommandLine own) =>
        own.Value("--spec-type") is not (null or "none")
        || own.Given.Any(given =>
            given.Flag is "-md" or "-hfd" or "-hfrd" or "-lcs" or "-lcd" or "--hf-repo-draft"
            || (
                given.Flag != "--spec-type"
                && (
                    given.Flag.StartsWith("--spec-", StringComparison.Ordinal)
                    || given.Flag.StartsWith("--draft", StringComparison.Ordinal)
                    || given.Flag.StartsWith("--lookup-cache-", StringComparison.Ordinal)
                    || given.Flag.EndsWith("-draft", StringComparison.Ordinal)
                )
            )
        );

    private static Finding ParallelSlots(int slots) =>
        Finding.Degrades(
            "parallel_slots",
            $"llama-server has {slots} slots, and requests that are computed together change each other's answers. "
                + "Start it with -np 1; requests then queue in this server."
        );
}
