using System.Globalization;
using System.Text;
using DeterministicInference.Receipts;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>
/// The facts of llama-server's answers: its build, its arguments, and the processor or GPU that computes.
/// </summary>
internal sealed class LlamaCppFacts : IEngineFacts
{
    /// <summary>A number above the layers of any model: all layers run on the GPU.</summary>
    private const int AllLayers = 999;

    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["-t"] = "--threads",
        ["-tb"] = "--threads-batch",
        ["-b"] = "--batch-size",
        ["-ub"] = "--ubatch-size",
        ["-fa"] = "--flash-attn",
        ["-np"] = "--parallel",
        ["-c"] = "--ctx-size",
        ["-ngl"] = "--gpu-layers",
        ["--n-gpu-layers"] = "--gpu-layers",
        ["-ctk"] = "--cache-type-k",
        ["-ctv"] = "--cache-type-v",
        ["-n"] = "--predict",
        ["--n-predict"] = "--predict",
        ["-sm"] = "--split-mode",
        ["-ts"] = "--tensor-split",
        ["-mg"] = "--main-gpu",
        ["-dev"] = "--device",
        ["-ot"] = "--override-tensor",
        ["-s"] = "--seed",
        ["-m"] = "--model",
        ["-a"] = "--alias",
        ["-md"] = "--model-draft",
        ["--spec-draft-model"] = "--model-draft",
        ["--spec-draft-type-k"] = "--cache-type-k-draft",
        ["-ctkd"] = "--cache-type-k-draft",
        ["--spec-draft-type-v"] = "--cache-type-v-draft",
        ["-ctvd"] = "--cache-type-v-draft",
        ["--spec-draft-ngl"] = "--gpu-layers-draft",
        ["-ngld"] = "--gpu-layers-draft",
        ["--n-gpu-layers-draft"] = "--gpu-layers-draft",
        ["--spec-draft-device"] = "--device-draft",
        ["-devd"] = "--device-draft",
        ["-mm"] = "--mmproj",
        ["-mmu"] = "--mmproj-url",
        ["-jf"] = "--json-schema-file",
        ["-j"] = "--json-schema",
        ["-lcs"] = "--lookup-cache-static",
        ["-lcd"] = "--lookup-cache-dynamic",
        ["-l"] = "--logit-bias",
        ["-r"] = "--reverse-prompt",
        ["-cmoe"] = "--cpu-moe",
        ["-ncmoe"] = "--n-cpu-moe",
        ["-cram"] = "--cache-ram",
        ["-kvu"] = "--kv-unified",
        ["-no-kvu"] = "--no-kv-unified",
        ["-kvo"] = "--kv-offload",
        ["-nkvo"] = "--no-kv-offload",
        ["-cb"] = "--cont-batching",
        ["-nocb"] = "--no-cont-batching",
        ["-e"] = "--escape",
        ["-nr"] = "--no-repack",
        ["-rea"] = "--reasoning",
        ["--temperature"] = "--temp",
    };

    /// <summary>
    /// Flags without effect on answers (addresses, names, logs, timeouts), and flags whose files are hashed.
    /// </summary>
    private static readonly string[] LeftOut =
    [
        "--model",
        "--alias",
        "--host",
        "--port",
        "--api-key",
        "--api-key-file",
        "--path",
        "--api-prefix",
        "--ssl-*",
        "--log-*",
        "-v",
        "--verbose",
        "-lv",
        "--verbosity",
        "--slots",
        "--no-slots",
        "--metrics",
        "--props",
        "--ui",
        "--no-ui",
        "--webui",
        "--no-webui",
        "--ui-config*",
        "--webui-config*",
        "--cors-*",
        "--no-cors-*",
        "--reuse-port",
        "--tags",
        "--offline",
        "--perf",
        "--no-perf",
        "--poll*",
        "--prio*",
        "--check-tensors",
        "--threads-http",
        "-to",
        "--timeout",
        "--sse-ping-interval",
        "--slot-save-path",
        "-hft",
        "--hf-token",
        "--model-draft",
        "--lora",
        "--lora-scaled",
        "--mmproj",
        "--chat-template-file",
    ];

    /// <summary>Variables that stand for arguments are described as these.</summary>
    private static readonly string[] Variables = [.. VariableFacts.OfMachine, "GGML_", "LLAMA_", "MTMD_"],
        LeftOutVariables = [LlamaCppArguments.Prefix, "LLAMA_LOG_"];

    /// <summary>Names of what is loaded beside the model.</summary>
    public const string Template = "template",
        Draft = "draft",
        Projector = "projector",
        LaterPart = ModelPart.Model + ".";

    public IReadOnlyList<string> Paths { get; } = ["/props"];

    public bool MeasuresProgram => true;

    public bool KeepsCommandLine => true;

    /// <summary>The scales of adapters can be changed while it serves (POST /lora-adapters).</summary>
    public IReadOnlyList<WatchedAnswer> Watched { get; } =
    [new(["/props"], "model_path", "build_info", "chat_template"), new(["/lora-adapters"])];

    public void DescribeLaunch(FactInputs inputs, FactSheet sheet)
    {
        sheet.NeedsEngine("which build llama-server is", "engine_not_described");
        if (inputs.Launch is not { } launch)
        {
            AttachedFacts.Describe(sheet);
            return;
        }
        EngineCommandLine given = LlamaCppArguments.Of(launch.Arguments, inputs.Variables);
        // Many flags add to what they were given before (--override-kv, --logit-bias and others; common/arg.cpp). Those
        // that the launch itself gives are replaced by the user's.
        string[] replaced =
        [
            .. new EngineCommandLine(
                LlamaCppArguments.Pinned(inputs.Options, inputs.Machine),
                abbreviates: false
            ).Given.Select(pin => Aliases.GetValueOrDefault(pin.Flag, pin.Flag)),
        ];
        LaunchArguments.Describe(
            given,
            Aliases,
            LeftOut,
            abbreviates: false,
            sheet,
            addsUp: flag => !replaced.Contains(flag)
        );
        (string File, string? Factor)[] adapters = [.. Adapters(given)];
        if (adapters.Any(adapter => adapter.Factor is not null))
            sheet.Measured("argument.lora_scaled", string.Join(' ', adapters.Select(adapter => adapter.Factor ?? "1")));
        VariableFacts.Describe(inputs.Variables, Variables, LeftOutVariables, sheet);
        int? layers = given.Number("-ngl", "--gpu-layers", "--n-gpu-layers");
        if (layers != 0)
            GpuFacts.Describe(GpuFacts.KindOf(inputs.Machine), inputs.Machine, inputs.Variables, sheet);
        // Builds for AMD's and Intel's GPUs are rare: others compute on the processor there, whatever the layers are.
        if (layers is not >= AllLayers || !inputs.Machine.HasGpu)
            CpuFacts.Describe(inputs.Machine.CpuFlags, sheet);
    }

    public void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet)
    {
        string? build = answers.Text("/props", "build_info");
        sheet.Reported("engine.version", build);
        if (build is null)
            sheet.AddMissing(
                "engine_not_described",
                "llama-server does not report its build (/props). Use a build that does, and give the key that "
                    + "it requires (--backend-api-key)."
            );
        sheet.Reported("argument.context", answers.Text("/props", "default_generation_settings", "n_ctx"));
        if (answers.Text("/props", "chat_template") is { } template)
            sheet.Reported("chat_template.sha256", Sha256Value.Of(Encoding.UTF8.GetBytes(template)).ToString());
        if (!inputs.IsLaunched)
            sheet.Reported("argument.parallel", answers.Text("/props", "total_slots"));
    }

    /// <summary>For a folder the single model in it, which is what the engine gets.</summary>
    public IReadOnlyList<ModelPart> ModelParts(ServeOptions options, IReadOnlyDictionary<string, string> variables)
    {
        EngineCommandLine own = LlamaCppArguments.Of(options.BackendArguments, variables);
        string? model =
            options.ModelPath is { } path && ModelFactsReader.GgufFilesOf(path) is [var file]
                ? file
                : options.ModelPath;
        return ModelReferences.Of(
            model,
            null,
            [
                (Draft, own.Value("-md", "--model-draft", "--spec-draft-model"), null),
                (Projector, own.Value("-mm", "--mmproj"), null),
                (Template, own.Value("--chat-template-file"), null),
                .. LaterParts(model),
            ],
            Adapters(own).Select(adapter => adapter.File)
        );
    }

    /// <summary>The other files of a split model, from the second on.</summary>
    private static IEnumerable<(string, string?, string?)> LaterParts(string? model) =>
        model is null
            ? []
            : ModelFactsReader
                .LaterPartsOf(model)
                .Select(
                    (part, index) =>
                        (
                            string.Create(CultureInfo.InvariantCulture, $"{LaterPart}{index + 2}"),
                            (string?)part,
                            (string?)null
                        )
                );

    /// <summary>
    /// Adapters in the order in which they are added up, with their factors: behind the file's colon, in older builds a
    /// word of its own.
    /// </summary>
    private static List<(string File, string? Factor)> Adapters(EngineCommandLine own)
    {
        var adapters = new List<(string File, string? Factor)>();
        foreach ((string flag, IReadOnlyList<string> values) in own.Given)
        {
            if (flag is not ("--lora" or "--lora-scaled"))
                continue;
            foreach (string word in values.SelectMany(list => list.Split(',')))
            {
                int colon = flag == "--lora-scaled" ? word.LastIndexOf(':') : -1;
                if (flag == "--lora-scaled" && adapters.Count > 0 && IsNumber(word))
                    adapters[^1] = adapters[^1] with { Factor = word };
                else if (colon > 0 && IsNumber(word[(colon + 1)..]))
                    adapters.Add((word[..colon], word[(colon + 1)..]));
                else
                    adapters.Add((word, null));
            }
        }
        return adapters;
    }

    private static bool IsNumber(string word) => double.TryParse(word, CultureInfo.InvariantCulture, out _);
}
