using System.Globalization;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// SGLang in its deterministic mode (batch-invariant kernels, seeded sampling; SGLang 0.5.3 or newer, with per-request seeds
/// on the OpenAI routes since December 2025).
/// </summary>
internal sealed class SglangBackend : IBackend
{
    public string Name => "sglang";

    public string Title => "SGLang server";

    public bool NeedsModelPath => true;

    /// <summary>Answers 503 during warm-up and then runs one token through the engine.</summary>
    public string HealthPath => "/health";

    /// <summary>Runs a token through the engine also where the environment has made /health a cheap one.</summary>
    public string ProgressPath => "/health_generate";

    public string MissingExecutableRemedy =>
        "Install Python 3 and SGLang (pip install sglang), or name the interpreter of its virtual environment with --backend-command.";

    public BackendLaunch Launch(InferenceOptions options) => new(
        options.BackendCommand ?? "python3",
        [
            "-m", "sglang.launch_server",
            "--model-path", options.ModelPath!,
            "--host", options.BackendHost,
            "--port", options.BackendPort.ToString(CultureInfo.InvariantCulture),
            "--enable-deterministic-inference",
            // Below 4096 a longer prompt can hang forever in deterministic mode; SGLang's default on small GPUs is 2048.
            "--chunked-prefill-size", "4096",
            "--served-model-name", options.ModelName,
            .. options.BackendArguments,
        ],
        // A title set by the engine would overwrite the environment, by which leftovers of ours are recognised.
        new Dictionary<string, string> { ["SPT_NOENV"] = "1" });
}
