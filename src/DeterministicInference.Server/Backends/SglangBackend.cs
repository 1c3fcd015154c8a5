using System.Globalization;
using System.Text.Json;
using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// SGLang in its deterministic mode (batch-invariant kernels, seeded sampling; SGLang 0.5.3 or newer, with per-request seeds
/// on the OpenAI routes since December 2025).
/// </summary>
internal sealed class SglangBackend : IBackend
{
    private static readonly ComputeCapability Oldest = new(7, 5), Hopper = new(9, 0), Blackwell = new(10, 0);

    public string Name => "sglang";

    public string Title => "SGLang server";

    public bool NeedsModelPath => true;

    public string Executable => "python3";

    /// <summary>Answers 503 during warm-up and then runs one token through the engine.</summary>
    public string HealthPath => "/health";

    /// <summary>Runs a token through the engine also where the environment has made /health a cheap one.</summary>
    public string ProgressPath => "/health_generate";

    public string MissingExecutableRemedy =>
        "Install Python 3 and SGLang (pip install sglang), or name the interpreter of its virtual environment with --backend-command.";

    public string Basis => "SGLang's deterministic mode, for one build on GPUs of one kind";

    /// <summary>Those before 2025-12-19 (sgl-project/sglang#15498), on the OpenAI routes.</summary>
    public bool MayIgnoreSeeds => true;

    /// <summary>The second is the name of the first in older builds.</summary>
    public IReadOnlyList<string> ReportPaths => ["/server_info", "/get_server_info"];

    public IReadOnlyList<string> FactPaths => ReportPaths;

    public bool RunsOnPython => true;

    public RequestRules Requests { get; } = new()
    {
        // A seed becomes 64 bits wide in the scheduler, and 32 in the hash that draws.
        Seeds = (0, uint.MaxValue - 1),
        // A chat takes it from the model's generation_config.json otherwise.
        Defaults = [new("min_p", "0")],
        Refusals =
        [
            FieldRefusal.Above("n", 1, "SGLang draws every choice with the same seed, so that they would be identical. Send n requests with different seeds."),
            FieldRefusal.Above("best_of", 1, "SGLang draws every choice with the same seed, so that they would be identical. Send requests with different seeds."),
            FieldRefusal.Above("min_p", 0, "SGLang's deterministic sampler does not know it, and the server would end. Use top_p or top_k."),
        ],
        // Since July and August 2026 (sgl-project/sglang#30917, #34488); older builds ignore them. A chat in events is refused with the first.
        TokenIdMembers = ["return_token_ids"],
        ChatStreamTokenIdMembers = ["return_input_ids_in_sglext", "return_output_ids_in_sglext"],
        // What stands behind a colon is the name of an adapter to SGLang; to this server's clients it is a part of a name.
        ModelName = (options, model) => model is not null && model.Contains(':', StringComparison.Ordinal) && options.BackendUrl is null
            && !options.BackendArguments.Any(argument => argument.StartsWith("--lora", StringComparison.Ordinal) || argument.StartsWith("--enable-lora", StringComparison.Ordinal))
                ? options.ModelName
                : null,
    };

    public BackendLaunch Launch(InferenceOptions options, MachineFacts machine) => new(
        options.BackendCommand ?? Executable,
        [
            "-m", "sglang.launch_server",
            "--model-path", options.ModelPath!,
            "--host", options.BackendHost,
            "--port", options.BackendPort.ToString(CultureInfo.InvariantCulture),
            .. options.Enforces ? Deterministic(machine) : [],
            "--served-model-name", options.ModelName,
            .. options.BackendArguments,
        ],
        // A title set by the engine would overwrite the environment, by which leftovers of ours are recognised.
        new Dictionary<string, string> { ["SPT_NOENV"] = "1" });

    public IEnumerable<Finding> CheckLaunch(InferenceOptions options, MachineFacts machine)
    {
        if (!options.Enforces) yield break;
        if (machine.Least < Oldest)
        {
            yield return Finding.Undermines("gpu_unsupported", $"SGLang supports compute capability {Oldest} and newer, and a GPU of this machine has {machine.Least}. Use a newer GPU.");
        }
        if (!machine.HasGpu)
        {
            yield return Finding.Note("gpu_unknown", "No NVIDIA GPU is seen, so SGLang chooses the attention backend. Name one after --: --attention-backend triton.");
        }
        SglangConfiguration configuration = SglangConfiguration.Of(new EngineArguments(options.BackendArguments), AttentionFor(machine));
        foreach (Finding finding in configuration.CheckLaunch(machine)) yield return finding;
        foreach (Finding finding in configuration.Check(machine.Model.IsMixtureOfExperts)) yield return finding;
    }

    public IEnumerable<Finding> CheckAttached(JsonElement? report)
    {
        if (report is not { } told || SglangConfiguration.Of(told) is not { } configuration) return [IBackend.UnknownArguments];
        return configuration.IsDeterministic
            ? configuration.Check(isMixtureOfExperts: false)
            : [Finding.Undermines("mode_off", "SGLang was started without --enable-deterministic-inference. Start it with it, or let this server launch it.")];
    }

    public void DescribeEnvironment(FactInputs inputs, FactSheet sheet) => SglangFacts.Describe(inputs, ReportPaths, sheet);

    public IReadOnlyList<ModelPart> ModelParts(InferenceOptions options)
    {
        var own = new EngineArguments(options.BackendArguments);
        return ModelReferences.Of(
            options.ModelPath, own.Value("--revision"),
            [
                ("draft", own.Value("--speculative-draft-model-path", "--speculative-draft-model"), own.Value("--speculative-draft-model-revision")),
                ("tokenizer", own.Value("--tokenizer-path"), own.Value("--revision")),
                ("template", ModelReferences.File(own.Value("--chat-template")), null),
            ],
            own.Values("--lora-paths"));
    }

    public string? DownloadFolder(InferenceOptions options) => new EngineArguments(options.BackendArguments).Value("--download-dir");

    private static IEnumerable<string> Deterministic(MachineFacts machine) =>
    [
        "--enable-deterministic-inference",
        .. AttentionFor(machine) is { } attention ? (string[])["--attention-backend", attention] : [],
        // Not drawn anew at every start, though no request that has a seed depends on it.
        "--random-seed", "0",
        // Below 4096 a longer prompt hangs forever on flashinfer and triton; SGLang's default on small GPUs is 2048.
        "--chunked-prefill-size", "4096",
    ];

    /// <summary>An attention backend that has a deterministic mode on these GPUs; null where they are not known.</summary>
    private static string? AttentionFor(MachineFacts machine)
    {
        if (machine.Least is not { } least || machine.Most is not { } most) return null;
        if (least >= Hopper && most < Blackwell) return "fa3";
        // Of different kinds the server can't tell which ones the engine will take, and triton runs on all.
        return least >= Blackwell && !SglangConfiguration.NeedsFa3OrTriton(machine.Model) ? "flashinfer" : "triton";
    }
}
