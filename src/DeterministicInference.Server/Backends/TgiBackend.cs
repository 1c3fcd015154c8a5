using System.Text.Json;
using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>Text Generation Inference, which is in maintenance only: attached to, never launched.</summary>
internal sealed class TgiBackend : IBackend
{
    public string Name => "tgi";

    public string Title => "TGI server";

    public bool NeedsModelPath => false;

    public bool CanLaunch => false;

    /// <summary>Asks its shards.</summary>
    public string HealthPath => "/health";

    public string MissingExecutableRemedy => "";

    public string Basis => "";

    public IReadOnlyList<string> FactPaths => ["/info"];

    public RequestRules Requests { get; } = new()
    {
        Seeds = (0, long.MaxValue),
        Refusals =
        [
            FieldRefusal.Above("n", 1, "TGI gives one choice whatever the number is. Send n requests with different seeds."),
            FieldRefusal.Above("best_of", 1, "TGI takes no seed together with it. Send requests with different seeds."),
        ],
        Spellings =
        [
            // It reads an array only.
            new("stop", value => value.ValueKind == JsonValueKind.String ? $"[{value.GetRawText()}]" : null),
            // It refuses the API's own default.
            new("top_p", value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 1 ? "null" : null),
        ],
        // Any other name is an adapter's.
        ModelName = (_, _) => "tgi",
    };

    public BackendLaunch? Launch(InferenceOptions options, MachineFacts machine) => null;

    public void DescribeEnvironment(FactInputs inputs, FactSheet sheet)
    {
        AttachedFacts.Describe(sheet);
        sheet.Reported("engine.version", inputs.Answer("/info", "version"));
        sheet.Reported("engine.build", inputs.Answer("/info", "sha"));
        sheet.Reported("engine.image", inputs.Answer("/info", "docker_label"));
        // A commit on the hub, not a hash of files.
        sheet.Reported("model.revision", inputs.Answer("/info", "model_sha"));
        foreach (string name in (string[])["model_dtype", "max_input_tokens", "max_total_tokens"]) sheet.Reported("argument." + name, inputs.Answer("/info", name));
    }

    public IEnumerable<Finding> CheckAttached(JsonElement? report) =>
        [Finding.Undermines("no_batch_invariance", "TGI has no batch-invariant mode: what else it computes at the time changes an answer. Use --backend sglang or vllm.")];
}
