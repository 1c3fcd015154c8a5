using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Vllm;

/// <summary>Launches vLLM with its own program; a variable selects the batch-invariant mode, where it exists.</summary>
internal sealed class VllmLauncher : IEngineLauncher
{
    private const string KeyVariable = "VLLM_API_KEY";

    public string Executable => "vllm";

    public string MissingRemedy =>
        "Install vLLM (pip install vllm), name the vllm program of its virtual environment with --backend-command, or "
        + "without a GPU use --backend embedded.";

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
        new("--backend-host", "--host", "--uds"),
        new("--backend-port", "--port"),
        new("--backend-url", "--ssl-certfile", "--ssl-keyfile"),
    ];

    public IReadOnlyList<string> NameFlags { get; } = ["--served-model-name"];

    public EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint)
    {
        string command = options.BackendCommand ?? Executable;
        ComputeKind kind = EngineCompute.Of(options, machine);
        return new(
            command,
            [
                // An interpreter runs vLLM's program as a module.
                .. IsPython(command) ? (string[])["-m", "vllm.entrypoints.cli.main"] : [],
                "serve",
                options.ModelPath!,
                .. endpoint.SocketPath is { } socket
                    ? (string[])["--uds", socket]
                    : ["--host", endpoint.Host, "--port", endpoint.Port.ToString(CultureInfo.InvariantCulture)],
                .. endpoint.Key is { } key && !SeesFiles(options) ? (string[])["--api-key", key] : [],
                "--seed",
                "0",
                .. LaunchedName.Argument(this, options),
                // Absent fields mean the OpenAI API's defaults, not those of a file beside the weights, which differs
                // between copies of a model and is not in the request. End-of-text tokens are still read from that
                // file.
                "--generation-config",
                "vllm",
                // vLLM's default aborts requests in flight at SIGTERM.
                "--shutdown-timeout",
                ((long)options.StopTimeout.TotalSeconds).ToString(CultureInfo.InvariantCulture),
                // A seed ends vLLM for processors where a prompt is computed in pieces: "CPU Generator does not use
                // offset" (vllm-project/vllm 0.32.0, v1/worker/gpu_model_runner.py, gen.set_offset).
                .. kind == ComputeKind.Cpu ? (string[])["--no-enable-chunked-prefill"] : [],
                .. options.Enforces ? Deterministic(options, machine, kind) : [],
                .. options.BackendArguments,
            ],
            Variables(options, machine, kind, endpoint)
        );
    }

    private static IEnumerable<string> Deterministic(ServeOptions options, MachineFacts machine, ComputeKind kind)
    {
        if (VllmMode.AddedAttention(options, kind, machine) is { } attention)
        {
            yield return "--attention-config.backend";
            yield return attention;
        }
        if (options.IsStrict)
            yield return "--no-enable-prefix-caching";
    }

    /// <summary>
    /// What a user has set is never replaced. A command line can be read by every user of the machine, variables by
    /// this one only.
    /// </summary>
    private Dictionary<string, string> Variables(
        ServeOptions options,
        MachineFacts machine,
        ComputeKind kind,
        EngineEndpoint endpoint
    )
    {
        var variables = new Dictionary<string, string>();
        if (options.Enforces && VllmMode.Exists(kind, machine))
        {
            if (!machine.Variables.ContainsKey(VllmMode.Variable))
                variables[VllmMode.Variable] = "1";
            // FlashInfer is a library for NVIDIA's GPUs.
            bool mayHaveFlashInfer = kind is ComputeKind.Cuda or ComputeKind.Unknown;
            if (mayHaveFlashInfer && !machine.Variables.ContainsKey(VllmMode.Sampler))
                variables[VllmMode.Sampler] = "0";
        }
        // vLLM sets its processes' titles if setproctitle is installed, which overwrites the environment, by which the
        // guards recognise the engine's processes (https://pypi.org/project/setproctitle, "Environment variables").
        variables["SPT_NOENV"] = "1";
        if (endpoint.Key is { } key && SeesFiles(options))
            variables[KeyVariable] = key;
        return variables;
    }

    /// <summary>Whether a command is vLLM's program, or an interpreter that has vLLM.</summary>
    public bool IsOwnProgram(string command) => IsPython(command) || IEngineLauncher.IsNamed(command, Executable);

    private static bool IsPython(string command) => IEngineLauncher.IsNamed(command, "python");

    public bool IsKeyGiven(EngineCommandLine own, IReadOnlyDictionary<string, string> variables) =>
        own.Last("--api-key") is not null || variables.GetValueOrDefault(KeyVariable) is { Length: > 0 };

    private bool SeesFiles(ServeOptions options) => ((IEngineLauncher)this).SeesFiles(options);

    /// <summary>Python's error if the program exists but its interpreter has no vLLM.</summary>
    public bool SaysItIsMissing(string line) => line.Contains("No module named 'vllm'", StringComparison.Ordinal);
}
