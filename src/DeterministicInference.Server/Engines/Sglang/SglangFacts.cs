using DeterministicInference.Receipts.Environments;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>The facts of SGLang's answers. SGLang reports its arguments as resolved.</summary>
internal sealed class SglangFacts : IEngineFacts
{
    /// <summary>Beginnings of SGLang's own variables, and of those of the vLLM kernels that it may use.</summary>
    private static readonly string[] Variables = [.. VariableFacts.OfPyTorch, "SGLANG_", "SGL_", "VLLM_"],
        LeftOutVariables = ["SGLANG_LOG_", "SGLANG_LOGGING_", "VLLM_LOG_", "VLLM_LOGGING_"];

    public IReadOnlyList<string> Paths => SglangDeterminism.ServerInfo;

    /// <summary>
    /// A client of the routes that update weights names their version (sgl-project/sglang@8905cbd,
    /// python/sglang/srt/entrypoints/http_server.py, update_weights_from_disk).
    /// </summary>
    public IReadOnlyList<WatchedAnswer> Watched { get; } =
    [new(["/model_info", "/get_model_info"], "model_path", "tokenizer_path", "weight_version")];

    public PythonPackages Packages { get; } = new("sglang");

    public bool MeasuresProgram => true;

    public bool DownloadsModels => true;

    public void DescribeLaunch(FactInputs inputs, FactSheet sheet)
    {
        sheet.NeedsEngine("which version SGLang has, and how it resolves its arguments", "engine_not_described");
        if (!inputs.IsLaunched)
        {
            AttachedFacts.Describe(sheet);
            return;
        }
        ComputeFacts.Describe(inputs, sheet);
        VariableFacts.Describe(inputs.Variables, Variables, LeftOutVariables, sheet);
        Packages.Describe(inputs, sheet);
    }

    public void DescribeEngine(FactInputs inputs, EngineAnswers answers, FactSheet sheet)
    {
        if (answers.First(Paths) is not { } path || answers.Member(path, "enable_deterministic_inference") is null)
        {
            sheet.AddMissing(
                "engine_not_described",
                "SGLang does not report its arguments (/server_info). Use a build that does, and give the key "
                    + "that it requires (--backend-api-key)."
            );
            return;
        }
        sheet.Reported("engine.version", answers.Text(path, "version"));
        sheet.Reported(ModelFact.WeightVersion, answers.Text(path, "weight_version"));
        if (answers.Of(path) is { } report)
            SglangReport.Describe(report, sheet);
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
                    own.Value("--speculative-draft-model-path", "--speculative-draft-model"),
                    own.Value("--speculative-draft-model-revision")
                ),
                ("tokenizer", own.Value("--tokenizer-path"), own.Value("--revision")),
                ("template", ModelReferences.File(own.Value("--chat-template")), null),
            ],
            own.Values("--lora-paths").Select(ModelReferences.AdapterPath)
        );
    }

    public string? DownloadFolder(ServeOptions options) =>
        new EngineCommandLine(options.BackendArguments).Value("--download-dir");
}
