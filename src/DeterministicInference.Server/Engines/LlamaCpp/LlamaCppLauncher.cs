using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.LlamaCpp;

/// <summary>Launches llama-server.</summary>
internal sealed class LlamaCppLauncher : IEngineLauncher
{
    public string Executable => "llama-server";

    public string MissingRemedy =>
        "Install llama.cpp (https://github.com/ggml-org/llama.cpp), or name its llama-server with --backend-command.";

    /// <summary>
    /// A repository or a URL replaces the file of -m, and so does a preset that names one (common/arg.cpp). With a
    /// prefix or a certificate the routes are elsewhere.
    /// </summary>
    public IReadOnlyList<ReservedArgument> Reserved { get; } =
    [
        new(
            "--model-path",
            "-m",
            "--model",
            "-mu",
            "--model-url",
            "-hf",
            "-hfr",
            "--hf-repo",
            "-hff",
            "--hf-file",
            "-dr",
            "--docker-repo",
            "--embd-gemma-default",
            "--fim-qwen-1.5b-default",
            "--fim-qwen-3b-default",
            "--fim-qwen-7b-default",
            "--fim-qwen-7b-spec",
            "--fim-qwen-14b-spec",
            "--fim-qwen-30b-default",
            "--gpt-oss-20b-default",
            "--gpt-oss-120b-default",
            "--vision-gemma-4b-default",
            "--vision-gemma-12b-default"
        ),
        new("--backend-host", "--host"),
        new("--backend-port", "--port"),
        new("--backend-url", "--api-prefix", "--ssl-cert-file", "--ssl-key-file"),
    ];

    /// <summary>
    /// What is no GGUF file ends llama-server's start after seconds. Another program may see other files.
    /// </summary>
    public string? FindModelProblem(ServeOptions options) =>
        ((IEngineLauncher)this).SeesFiles(options)
        && options.ModelPath is { } path
        && ModelFactsReader.GgufFilesOf(path) is [var file]
        && !BeginsAsGguf(file)
            ? $"'{file}' does not begin as a GGUF file does. Give --model-path one that is whole."
            : null;

    public IReadOnlyList<string> NameFlags { get; } = ["-a", "--alias"];

    public bool HasSocket => true;

    public bool TakesKey => true;

    public bool IsKeyGiven(EngineCommandLine own, IReadOnlyDictionary<string, string> variables) =>
        own.Last("--api-key", "--api-key-file") is not null
        || variables.GetValueOrDefault("LLAMA_API_KEY") is { Length: > 0 }
        || variables.GetValueOrDefault("LLAMA_ARG_API_KEY_FILE") is { Length: > 0 };

    public EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint)
    {
        string? keyFile =
            endpoint is { Key: not null, Folder: { } folder } && ((IEngineLauncher)this).SeesFiles(options)
                ? Path.Combine(folder, "key")
                : null;
        string threads = machine.Processors.ToString(CultureInfo.InvariantCulture);
        return new EngineLaunch(
            options.BackendCommand ?? Executable,
            [
                "-m",
                machine.Model.GgufFiles is [var file] ? file : options.ModelPath!,
                "--host",
                // A host that ends in .sock is a Unix socket.
                .. endpoint.SocketPath is { } socket
                    ? (string[])[socket]
                    : [endpoint.Host, "--port", endpoint.Port.ToString(CultureInfo.InvariantCulture)],
                .. keyFile is not null ? (string[])["--api-key-file", keyFile]
                : endpoint.Key is { } key ? ["--api-key", key]
                : [],
                .. LaunchedName.Argument(this, options),
                // The /slots route shows prompts to anyone who reaches the port.
                "--no-slots",
                // The pages of its own user interface would be one more way to it.
                "--no-webui",
                .. options.Enforces
                    ? (string[])
                        [
                            "-np",
                            "1",
                            "--no-cache-prompt",
                            // No memory for prompts of earlier requests at all.
                            .. options.IsStrict ? (string[])["-cram", "0"] : [],
                            "--seed",
                            "0",
                            // Otherwise chosen by the machine: attention kernel, batches, threads, layers on the GPU.
                            "-fa",
                            machine.HasAnyGpu ? "on" : "off",
                            "-b",
                            "2048",
                            "-ub",
                            "512",
                            "-t",
                            threads,
                            "-tb",
                            threads,
                            "-ngl",
                            machine.HasAnyGpu ? "999" : "0",
                            "-ctk",
                            "f16",
                            "-ctv",
                            "f16",
                        ]
                    : [],
                .. options.BackendArguments,
            ],
            new Dictionary<string, string>()
        )
        {
            Files = keyFile is null
                ? new Dictionary<string, string>()
                : new Dictionary<string, string> { [keyFile] = endpoint.Key + "\n" },
            Unset =
            [
                // A llama-server in router mode sets this variable for its children, which then end with their standard
                // input (server-models.cpp); an engine launched below such a server would behave like one of them.
                "LLAMA_SERVER_ROUTER_PORT",
                // Each would replace the file of -m (common/arg.cpp).
                "LLAMA_ARG_MODEL_URL",
                "LLAMA_ARG_HF_REPO",
                "LLAMA_ARG_HF_FILE",
                "LLAMA_ARG_DOCKER_REPO",
                // Each would have it listen elsewhere, serve other models, run tools or fetch for a web page.
                "LLAMA_ARG_HOST",
                "LLAMA_ARG_PORT",
                "LLAMA_ARG_REUSE_PORT",
                "LLAMA_ARG_API_PREFIX",
                "LLAMA_ARG_SSL_CERT_FILE",
                "LLAMA_ARG_SSL_KEY_FILE",
                "LLAMA_ARG_MODELS_DIR",
                "LLAMA_ARG_MODELS_PRESET",
                "LLAMA_ARG_MODELS_MAX",
                "LLAMA_ARG_MODELS_AUTOLOAD",
                "LLAMA_ARG_TOOLS",
                "LLAMA_ARG_TOOLS_RUNTIME",
                "LLAMA_ARG_AGENT",
                "LLAMA_ARG_UI_MCP_PROXY",
                "LLAMA_ARG_MCP_SERVERS_CONFIG",
                "LLAMA_ARG_MCP_SERVERS_JSON",
                "LLAMA_ARG_ENDPOINT_PROPS",
                "LLAMA_ARG_ENDPOINT_SLOTS",
                "LLAMA_ARG_STATIC_PATH",
            ],
        };
    }

    private static bool BeginsAsGguf(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            Span<byte> magic = stackalloc byte[4];
            return stream.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length
                && magic.SequenceEqual("GGUF"u8);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // That it can't be read is a finding of its own.
            return true;
        }
    }
}
