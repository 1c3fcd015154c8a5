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
        TokenIdMembers = ["return_token_ids", "return_input_ids", "return_output_ids"],
        // What stands behind a colon is the name of an adapter to SGLang; to this server's clients it is a part of a name.
        ModelName = (options, model) => model is not null && model.Contains(':', StringComparison.Ordinal) && options.BackendUrl is null
            && !options.BackendArguments.Any(argument => argument.StartsWith("--lora", StringComparison.Ordinal) || argument.StartsWith("--enable-lora", StringComparison.Ordinal))
                ? options.ModelName
                : null,
    };

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
