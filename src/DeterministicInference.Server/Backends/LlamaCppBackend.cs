using System.Globalization;
using System.Text.Json;
using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// llama.cpp's <c>llama-server</c>. It has no batch-invariant mode, so that determinism is had by one request at a time and an
/// empty cache; everything that it would choose by the machine is pinned.
/// </summary>
internal sealed class LlamaCppBackend : IBackend
{
    private const string GgufRemedy = "Give --model-path a .gguf file, or a folder with exactly one.";

    /// <summary>What <c>-np -1</c> makes of it.</summary>
    private const int AutomaticSlots = 4;

    public string Name => "llamacpp";

    public string Title => "llama.cpp server";

    public bool NeedsModelPath => true;

    public string Executable => "llama-server";

    /// <summary>503 while it loads. It says nothing about whether tokens are computed.</summary>
    public string HealthPath => "/health";

    public string MissingExecutableRemedy =>
        "Install llama.cpp (https://github.com/ggml-org/llama.cpp), or name its llama-server with --backend-command.";

    public string Basis => "llama.cpp computes one request at a time, without a prompt cache, in one build on one kind of processor and GPU";

    public IReadOnlyList<string> ReportPaths => ["/props"];

    public IReadOnlyList<string> FactPaths => ReportPaths;

    public int? RequestsAtOnce(InferenceOptions options) => !options.Enforces ? null : options.BackendUrl is null ? Slots(new EngineArguments(options.BackendArguments)) : 1;

    public RequestRules Requests { get; } = new()
    {
        // 32 bits wide; the largest, which is also -1, means a random one.
        Seeds = (0, uint.MaxValue - 1),
        // Its own are 0.8, 0.95, 40 and 0.05, and what is in its cache changes an answer.
        Defaults = [new("temperature", "1"), new("top_p", "1"), new("top_k", "0"), new("min_p", "0"), new("cache_prompt", "false")],
        Refusals =
        [
            FieldRefusal.Above("n", 1, "llama-server has one slot for the sake of determinism, and computes as many choices as it has slots. Send n requests with different seeds."),
            new("cache_prompt", value => value.ValueKind != JsonValueKind.False, "What is left in llama-server's cache by earlier requests changes an answer. Leave it out."),
            new("id_slot", value => value is not { ValueKind: JsonValueKind.Number } || value.GetDouble() > 0, "Which slot answers is this server's business. Leave it out."),
        ],
    };

    public BackendLaunch Launch(InferenceOptions options, MachineFacts machine)
    {
        string threads = machine.Processors.ToString(CultureInfo.InvariantCulture);
        return new BackendLaunch(
            options.BackendCommand ?? Executable,
            [
                "-m", machine.Model.GgufFiles is [var file] ? file : options.ModelPath!,
                "--host", options.BackendHost,
                "--port", options.BackendPort.ToString(CultureInfo.InvariantCulture),
                "-a", options.ModelName,
                // Shows prompts to anyone who reaches the port.
                "--no-slots",
                .. options.Enforces
                    ? (string[])[
                        "-np", "1", "--no-cache-prompt", "--seed", "0",
                        // Chosen by the machine where it is left to it: attention kernel, batches, threads, layers on the GPU.
                        "-fa", machine.HasGpu ? "on" : "off", "-b", "2048", "-ub", "512", "-t", threads, "-tb", threads,
                        "-ngl", machine.HasGpu ? "999" : "0", "-ctk", "f16", "-ctv", "f16"]
                    : [],
                .. options.BackendArguments,
            ],
            new Dictionary<string, string>())
        {
            // Left by a llama-server in router mode whose descendant we are: the engine would take itself for its child.
            Unset = ["LLAMA_SERVER_ROUTER_PORT"],
        };
    }

    public IEnumerable<Finding> CheckLaunch(InferenceOptions options, MachineFacts machine)
    {
        if (FileProblem(options, machine.Model) is { } problem) yield return Finding.Refused("model_file", $"{problem} {GgufRemedy}");
        if (!options.Enforces) yield break;
        foreach (Finding finding in CheckArguments(new EngineArguments(options.BackendArguments))) yield return finding;
    }

    public IEnumerable<Finding> CheckAttached(JsonElement? report)
    {
        yield return IBackend.UnknownArguments;
        if (report is { ValueKind: JsonValueKind.Object } told && told.TryGetProperty("total_slots", out JsonElement slots) && slots.TryGetInt32(out int count) && count > 1)
        {
            yield return ParallelSlots(count);
        }
    }

    public void DescribeEnvironment(FactInputs inputs, FactSheet sheet) => LlamaCppFacts.Describe(inputs, sheet);

    /// <summary>Of a folder the one model in it, which is what the engine is given.</summary>
    public IReadOnlyList<ModelPart> ModelParts(InferenceOptions options)
    {
        var own = new EngineArguments(options.BackendArguments);
        return ModelReferences.Of(
            options.ModelPath is { } path && ModelFactsReader.GgufFilesOf(path) is [var file] ? file : options.ModelPath, null,
            [
                ("draft", own.Value("-md", "--model-draft"), null),
                ("projector", own.Value("-mm", "--mmproj"), null),
                ("template", own.Value("--chat-template-file"), null),
            ],
            [.. own.All("--lora").SelectMany(list => list.Split(',')), .. ScaledAdapters(own)]);
    }

    /// <summary>A file and a factor, or with a colon between them in newer builds.</summary>
    private static IEnumerable<string> ScaledAdapters(EngineArguments own) =>
        own.All("--lora-scaled").Where(word => !double.TryParse(word, CultureInfo.InvariantCulture, out _))
            .SelectMany(list => list.Split(',')).Select(word => word.LastIndexOf(':') is > 0 and var colon ? word[..colon] : word);

    private static string? FileProblem(InferenceOptions options, ModelFacts model)
    {
        if (model.IsMissing || model.GgufFiles.Count == 1) return null;
        string path = options.ModelPath!;
        if (model.GgufFiles.Count > 1) return $"'{path}' has {model.GgufFiles.Count} .gguf files.";
        if (model.IsFolder) return $"'{path}' has no .gguf file.";
        // What is not seen here may be seen by a wrapper that runs the engine elsewhere.
        return path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? null : $"'{path}' is no .gguf file.";
    }

    private static IEnumerable<Finding> CheckArguments(EngineArguments own)
    {
        if (own.WithPrefix("--models-") is { } router)
        {
            yield return Finding.Refused("router_mode", $"{router} makes llama-server load and unload models by itself, so that what answers is not known. Leave it out.");
        }
        if (Slots(own) is > 1 and var slots) yield return ParallelSlots(slots);
        if (own.Last("--cache-prompt", "--no-cache-prompt") is "--cache-prompt" || own.Number("--cache-reuse") > 0)
        {
            yield return Finding.Undermines("prompt_cache", "What is left in the cache by earlier requests changes an answer. Leave --cache-prompt and --cache-reuse out.");
        }
        if (own.Last("-md", "--model-draft", "-hfd", "--hf-repo-draft", "--spec-type", "--spec-default") is not null || own.WithPrefix("--draft-") is not null)
        {
            yield return Finding.Undermines("speculative_decoding", "Speculative decoding computes in batches that vary. Leave the draft model out.");
        }
        if (own.Value("-fa", "--flash-attn") is "auto") yield return Finding.Undermines("flash_attention_auto", "-fa auto is chosen anew at every start. Give -fa on or -fa off.");
        if (own.Last("--context-shift", "--no-context-shift") is "--context-shift")
        {
            yield return Finding.Undermines("context_shift", "--context-shift drops what was computed and keeps what depended on it. Leave it out.");
        }
    }

    private static int Slots(EngineArguments own) => own.Number("-np", "--parallel") is not { } given ? 1 : given > 0 ? given : AutomaticSlots;

    private static Finding ParallelSlots(int slots) => Finding.Undermines("parallel_slots",
        $"llama-server has {slots} slots, and requests that are computed together change each other's answers. Start it with -np 1; requests then wait for their turn here.");
}
