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

    public BackendLaunch? Launch(InferenceOptions options) => null;
}
