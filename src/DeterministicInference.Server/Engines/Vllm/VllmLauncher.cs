using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>Launches vLLM with its own program; a variable selects the batch-invariant mode.</summary>
internal sealed class VllmLauncher : IEngineLauncher
{
    private const string KeyVariable = "VLLM_API_KEY";

    public string Executable => "vllm";

    public string MissingRemedy =>
        "Install vLLM (pip install vllm), or name the vllm program of its virtual environment with --backend-command.";

    public bool AllowsAbbreviations => true;

    public bool HasSocket => true;

    public bool TakesKey => true;

    /// <summary>Its key guards /v1, /v2 and /inference (vllm/entrypoints/openai/server_utils.py).</summary>
    public IReadOnlyList<string> OpenRoutes { get; } = ["/tokenize", "/invocations", "/scale_elastic_ep", "/metrics"];

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
                .. endpoint.SocketPath is { } socket
                    ? (string[])["--uds", socket]
                    : ["--host", endpoint.Host, "--port", endpoint.Port.ToString(CultureInfo.InvariantCulture)],
                .. endpoint.Key is { } key && !SeesFiles(options) ? (string[])["--api-key", key] : [],
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
            Variables(options, endpoint)
        );

    public bool IsKeyGiven(EngineCommandLine own, IReadOnlyDictionary<string, string> variables) =>
        own.Last("--api-key") is not null || variables.GetValueOrDefault(KeyVariable) is { Length: > 0 };

    /// <summary>A command line can be read by every user of the machine, variables by this one only.</summary>
    private Dictionary<string, string> Variables(ServeOptions options, EngineEndpoint endpoint)
    {
        var variables = new Dictionary<string, string>();
        if (options.Enforces)
            variables["VLLM_BATCH_INVARIANT"] = "1";
        variables["SPT_NOENV"] = "1";
        if (endpoint.Key is { } key && SeesFiles(options))
            variables[KeyVariable] = key;
        return variables;
    }

    private bool SeesFiles(ServeOptions options) => ((IEngineLauncher)this).SeesFiles(options);

    /// <summary>Python's error if the program exists but its interpreter has no vLLM.</summary>
    public bool SaysItIsMissing(string line) => line.Contains("No module named 'vllm'", StringComparison.Ordinal);
}
