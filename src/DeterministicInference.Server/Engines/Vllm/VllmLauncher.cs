using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>Launches vLLM with its own program; a variable selects the batch-invariant mode.</summary>
internal sealed class VllmLauncher : IEngineLauncher
{
    public string Executable => "vllm";

    public string MissingRemedy =>
        "Install vLLM (pip install vllm), or name the vllm program of its virtual environment with --backend-command.";

    public bool AllowsAbbreviations => true;

    /// <summary>
    /// --model goes before the positional model (vllm-project/vllm@00da11e, vllm/utils/argparse_utils.py, parse_args).
    /// --uds listens on a socket in the file system instead of host and port, and with a certificate vLLM speaks https
    /// only (vllm/entrypoints/openai/cli_args.py).
    /// </summary>
    public IReadOnlyList<ReservedArgument> Reserved { get; } =
    [
        new("--model-path", "--model") { IsPositional = true },
        new("--served-model-name", "--served-model-name"),
        new("--backend-host", "--host", "--uds"),
        new("--backend-port", "--port"),
        new("--backend-url", "--ssl-certfile", "--ssl-keyfile"),
    ];

    public EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint) =>
        new(
            options.BackendCommand ?? Executable,
            [
                "serve",
                options.ModelPath!,
                "--host",
                endpoint.Host,
                "--port",
                endpoint.Port.ToString(CultureInfo.InvariantCulture),
                "--seed",
                "0",
                "--served-model-name",
                options.ModelName,
                // Absent fields mean the OpenAI API's defaults, not those of a file beside the weights, which differs
                // between copies of a model and is not in the request. End-of-text tokens are still read from that
                // file.
                "--generation-config",
                "vllm",
                // vLLM's default aborts requests in flight at SIGTERM.
                "--shutdown-timeout",
                ((long)options.StopTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture),
                .. options.BackendArguments,
            ],
            // vLLM sets its processes' titles if setproctitle is installed, which overwrites the environment, by which
            // the guards recognise the engine's processes (https://pypi.org/project/setproctitle, "Environment
            // variables").
            options.Enforces
                ? new Dictionary<string, string> { ["VLLM_BATCH_INVARIANT"] = "1", ["SPT_NOENV"] = "1" }
                : new Dictionary<string, string> { ["SPT_NOENV"] = "1" }
        );

    /// <summary>Python's error if the program exists but its interpreter has no vLLM.</summary>
    public bool SaysItIsMissing(string line) => line.Contains("No module named 'vllm'", StringComparison.Ordinal);
}
