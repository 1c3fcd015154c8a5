using System.Globalization;
using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;

namespace DeterministicInference.Server.Backends;

/// <summary>vLLM in its batch-invariant mode (a build of March 2026 or newer, which knows <c>--shutdown-timeout</c>).</summary>
internal sealed class VllmBackend : IBackend
{
    private static readonly ComputeCapability Ampere = new(8, 0), Hopper = new(9, 0);

    private static readonly string[] InvariantAttention = ["FLASH_ATTN", "TRITON_ATTN", "FLEX_ATTENTION", "FLASH_ATTN_MLA", "TRITON_MLA"];

    public string Name => "vllm";

    public string Title => "vLLM server";

    public bool NeedsModelPath => true;

    public string Executable => "vllm";

    /// <summary>Refused while it loads, 200 once it is ready, 503 after the death of its engine process.</summary>
    public string HealthPath => "/health";

    public string MissingExecutableRemedy =>
        "Install vLLM (pip install vllm), or name the vllm program of its virtual environment with --backend-command.";

    public string Basis => "vLLM's batch-invariant mode, for one build on GPUs of one kind";

    public IReadOnlyList<string> FactPaths => ["/version"];

    public bool RunsOnPython => true;

    public RequestRules Requests { get; } = new()
    {
        TokenIdMembers = ["return_token_ids"],
        // It refuses every name but the one that it was given; of an engine that somebody else started that one is known only if it is set.
        ModelName = (options, _) => options.BackendUrl is null || options.ServedModelName is not null || options.ModelPath is not null ? options.ModelName : null,
    };

    public BackendLaunch Launch(InferenceOptions options, MachineFacts machine) => new(
        options.BackendCommand ?? Executable,
        [
            "serve", options.ModelPath!,
            "--host", options.BackendHost,
            "--port", options.BackendPort.ToString(CultureInfo.InvariantCulture),
            "--seed", "0",
            "--served-model-name", options.ModelName,
            // What a request leaves out means what the OpenAI API says, not what a file beside the weights says: such a file differs
            // between copies of a model and stands in no request. Ends of text are still taken from it.
            "--generation-config", "vllm",
            // Its own default breaks off what is in flight at SIGTERM.
            "--shutdown-timeout", ((long)options.StopTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture),
            .. options.BackendArguments,
        ],
        options.Enforces
            ? new Dictionary<string, string> { ["VLLM_BATCH_INVARIANT"] = "1", ["SPT_NOENV"] = "1" }
            : new Dictionary<string, string> { ["SPT_NOENV"] = "1" });

    public IEnumerable<Finding> CheckLaunch(InferenceOptions options, MachineFacts machine) =>
        options.Enforces ? [.. CheckGpu(machine), .. CheckArguments(new EngineArguments(options.BackendArguments), machine)] : [];

    public void DescribeEnvironment(FactInputs inputs, FactSheet sheet) => VllmFacts.Describe(inputs, sheet);

    public IReadOnlyList<ModelPart> ModelParts(InferenceOptions options)
    {
        var own = new EngineArguments(options.BackendArguments);
        return ModelReferences.Of(
            options.ModelPath, own.Value("--revision"),
            [
                ("draft", own.Value("--spec-model", "--speculative-config.model") ?? VllmFacts.DraftModel(own), null),
                ("tokenizer", own.Value("--tokenizer"), own.Value("--tokenizer-revision")),
                ("template", ModelReferences.File(own.Value("--chat-template")), null),
            ],
            own.Values("--lora-modules"));
    }

    public string? DownloadFolder(InferenceOptions options) => new EngineArguments(options.BackendArguments).Value("--download-dir");

    private static IEnumerable<Finding> CheckGpu(MachineFacts machine)
    {
        if (machine.Least is not { } least)
        {
            yield return Finding.Undermines("gpu_unknown", "No NVIDIA GPU of known compute capability is seen, and vLLM's batch-invariant mode is for those. Install the NVIDIA driver's NVML library, or use another machine.");
        }
        else if (least < Ampere)
        {
            yield return Finding.Undermines("gpu_unsupported", $"vLLM's batch-invariant mode needs compute capability {Hopper}, and a GPU of this machine has {least}. Use a newer GPU.");
        }
        else if (least < Hopper)
        {
            yield return Finding.Undermines("gpu_unverified", $"vLLM documents its batch-invariant mode from compute capability {Hopper} on, and a GPU of this machine has {least}. Use a newer GPU, or --backend sglang.");
        }
    }

    private static IEnumerable<Finding> CheckArguments(EngineArguments own, MachineFacts machine)
    {
        string? attention = own.Value("--attention-backend", "--attention-config.backend") ?? machine.Variables.GetValueOrDefault("VLLM_ATTENTION_BACKEND");
        if (!string.IsNullOrEmpty(attention) && !InvariantAttention.Contains(attention, StringComparer.OrdinalIgnoreCase))
        {
            yield return Finding.Undermines("attention_backend", $"The attention backend {attention} (--attention-backend, VLLM_ATTENTION_BACKEND) is not batch-invariant. Use {InvariantAttention[0]} or {InvariantAttention[1]}, or leave it out.");
        }
        if (own.Value("--kv-cache-dtype") is { } type && type.StartsWith("fp8", StringComparison.Ordinal))
        {
            yield return Finding.Undermines("kv_cache_type", $"--kv-cache-dtype {type} is not known to be deterministic. Leave it out.");
        }
        if (own.WithPrefix("--speculative-") is not null || own.Last("-sc", "--spec-method", "--spec-model") is not null)
        {
            yield return Finding.Undermines("speculative_decoding", "Speculative decoding is not part of vLLM's batch-invariant mode. Leave --speculative-config out.");
        }
        if (own.Last("--config") is not null)
        {
            yield return Finding.Undermines("config_file", "The arguments in the file of the engine's --config are not known here. Give them after -- instead.");
        }
        if (own.Value("--generation-config") is not (null or "vllm") || own.Last("--override-generation-config") is not null)
        {
            yield return Finding.Note("generation_config", "What a request leaves out is taken from a generation config, which other machines must have too.");
        }
    }
}
