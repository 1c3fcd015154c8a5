using System.Globalization;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>Acme Serve 2, an engine that does not exist, as docs/adding-a-backend.md describes it.</summary>
internal sealed class ExampleBackend : IBackend
{
    public string Name => "acme";

    public string Title => "Acme server";

    public bool NeedsModelPath => true;

    public string Executable => "acme-serve";

    public string HealthPath => "/health";

    /// <summary>Runs a token; /health answers also while the engine hangs.</summary>
    public string ProgressPath => "/health/deep";

    public string MissingExecutableRemedy => "Install Acme Serve 2, or name its program with --backend-command.";

    public string Basis => "Acme's fixed-order kernels, for one build on GPUs of one kind";

    /// <summary>Its kernels are of a fixed order for up to eight requests.</summary>
    public int? RequestsAtOnce(InferenceOptions options) => options.Enforces ? 8 : null;

    public BackendLaunch Launch(InferenceOptions options, MachineFacts machine) => new(
        options.BackendCommand ?? Executable,
        [
            "--model", options.ModelPath!,
            "--name", options.ModelName,
            "--bind", options.BackendHost + ":" + options.BackendPort.ToString(CultureInfo.InvariantCulture),
            .. options.Enforces ? (string[])["--fixed-order"] : [],
            // What follows -- has the last word.
            .. options.BackendArguments,
        ],
        new Dictionary<string, string> { ["ACME_TELEMETRY"] = "off" });

    public IEnumerable<Finding> CheckLaunch(InferenceOptions options, MachineFacts machine)
    {
        if (!options.Enforces) yield break;
        if (!machine.HasGpu) yield return Finding.Refused("gpu_unknown", "Acme Serve runs on NVIDIA GPUs, and none is seen. Use --backend llamacpp.");
        if (new EngineArguments(options.BackendArguments).Value("--kv-bits") is "4" or "8")
        {
            yield return Finding.Undermines("kv_cache_type", "--kv-bits below 16 rounds by what else is computed. Leave it out.");
        }
    }
}
