using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>
/// The facts of vLLM's answers. vLLM does not report its arguments, so the launch arguments are used.
/// </summary>
internal sealed class VllmFacts : IEngineFacts
{
    private const string Speculation = "--speculative-config",
        GenerationConfig = "--generation-config";

    private static readonly Dictionary<string, string> Aliases = new(StringComparer.Ordinal)
    {
        ["-tp"] = "--tensor-parallel-size",
        ["-pp"] = "--pipeline-parallel-size",
        ["-dp"] = "--data-parallel-size",
        ["-q"] = "--quantization",
        ["-sc"] = Speculation,
        ["-cc"] = "--compilation-config",
        ["-ac"] = "--attention-config",
        ["-ep"] = "--enable-expert-parallel",
    };

    /// <summary>
    /// Flags without effect on answers (addresses, names, logs, shutdown), and flags whose files are hashed.
    /// </summary>
    private static readonly string[] LeftOut =
    [
        "--host",
        "--port",
        "--uds",
        "--api-key",
        "--root-path",
        "--served-model-name",
        "--shutdown-timeout",
        "--ssl-*",
        "--allowed-*",
        "--allow-credentials",
        "--log-*",
        "--uvicorn-log-level",
        "--disable-log-*",
        "--disable-uvicorn-access-log",
        "--enable-log-*",
        "--max-log-len",
        "--download-dir",
        "--fingerprint-*",
        "--lora-modules",
        "--tokenizer",
        "--revision",
        Speculation,
        Speculation + ".*",
        "-sc.*",
        "--spec-model",
    ];

    private static readonly string[] Variables = [.. VariableFacts.OfPyTorch, "VLLM_"],
        // Of these the first is a size of memory, the others tell usage or show more.
        LeftOutVariables =

        [
            "VLLM_CPU_KVCACHE_SPACE",
            "VLLM_LOG_",
            "VLLM_LOGGING_",
            "VLLM_CONFIGURE_LOGGING",
            "VLLM_NO_USAGE_STATS",
            "VLLM_DO_NOT_TRACK",
            "VLLM_USAGE_",
            "VLLM_TRACE_",
        ];

    public IReadOnlyList<string> Paths { get; } = ["/version"];

    public PythonPackages Packages { get; } = new("vllm");

    public bool MeasuresProgram => true;

    public bool DownloadsModels => true;

    public void DescribeLaunch(FactInputs inputs, FactSheet sheet)
    {
        sheet.NeedsEngine("which version vLLM has", "engine_not_described");
        if (inputs.Launch is not { } launch)
        {
            AttachedFacts.Describe(sheet);
            return;
        }
        var given = new EngineCommandLine(launch.Arguments);
        // The word, and not a folder with vLLM's sources that lies in the working directory.
        bool isWord = given.Value(GenerationConfig) is "vllm" or "auto";
        if (isWord)
            sheet.Measured("argument.generation_config", given.Value(GenerationConfig)!);
        string[] leftOut =
        [
            .. LeftOut,
            .. isWord ? (string[])[GenerationConfig] : [],
            .. ModelReferences.File(given.Value("--chat-template")) is null ? (string[])[] : ["--chat-template"],
        ];
        // The only one that its parser collects (action "append" in entrypoints/openai/cli_args.py).
        LaunchArguments.Describe(given, Aliases, leftOut, abbreviates: true, sheet, flag => flag == "--middleware");
        if (VllmConfiguration.Speculative(given) is { IsGiven: true } speculation)
            sheet.Measured("argument.speculative_config", WithoutModel(speculation));
        ComputeFacts.Describe(inputs, sheet);
        VariableFacts.Describe(inputs.Variables, Variables, LeftOutVariables, sheet);
        Packages.Describe(inputs, sheet);
    }

    public void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet)
    {
        string? version = answers.Text("/version", "version");
        sheet.Reported("engine.version", version);
        if (version is null)
            sheet.AddMissing(
                "engine_not_described",
                "vLLM does not report its version (/version). Use a build that does."
            );
    }

    public IReadOnlyList<ModelPart> ModelParts(ServeOptions options)
    {
        var own = new EngineCommandLine(options.BackendArguments);
        return ModelReferences.Of(
            options.ModelPath,
            own.Value("--revision"),
            [
                (
                    "draft",
                    own.Value("--spec-model") ?? VllmConfiguration.Speculative(own).Value("model"),
                    VllmConfiguration.Speculative(own).Value("revision")
                ),
                ("tokenizer", own.Value("--tokenizer"), own.Value("--tokenizer-revision")),
                ("template", ModelReferences.File(own.Value("--chat-template")), null),
            ],
            own.Values("--lora-modules").Select(ModelReferences.AdapterPath)
        );
    }

    public string? DownloadFolder(ServeOptions options) =>
        new EngineCommandLine(options.BackendArguments).Value("--download-dir");

    private static string WithoutModel(VllmConfiguration speculation) =>
        string.Join(
            ' ',
            speculation
                .Members.Where(member => member.Key is not ("model" or "tokenizer"))
                .Select(member => $"{member.Key}={member.Value}")
        );
}
