using System.Text.Json;
using DeterministicInference.Server.Backends.Facts;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>A running OpenAI-compatible engine of an unknown kind: attached to, never launched.</summary>
internal sealed class ExternalBackend : IBackend
{
    public string Name => "external";

    public string Title => "External engine";

    public bool NeedsModelPath => false;

    public bool CanLaunch => false;

    public string HealthPath => "/health";

    public string MissingExecutableRemedy => "";

    public string Basis => "";

    public BackendLaunch? Launch(InferenceOptions options, MachineFacts machine) => null;

    /// <summary>What many engines answer.</summary>
    public IReadOnlyList<string> FactPaths => ["/version", "/v1/models"];

    public void DescribeEnvironment(FactInputs inputs, FactSheet sheet)
    {
        AttachedFacts.Describe(sheet);
        sheet.Reported("engine.version", inputs.Answer("/version", "version"));
        // Of most engines their name; of some the path of the model.
        if (inputs.Answer("/v1/models", "data", "owned_by") is { } owner && !PathText.IsPlace(owner)) sheet.Reported("engine.owner", owner);
    }

    public IEnumerable<Finding> CheckAttached(JsonElement? report) =>
        [Finding.Undermines("engine_unknown", "The kind of the engine is not known. Name it with --backend, such as --backend vllm, where it is one that this server knows.")];
}
