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
    /// A GGUF file that is damaged ends llama-server's start after seconds. Another program may see other files.
    /// </summary>
    public string? FindModelProblem(ServeOptions options, IReadOnlyList<ModelPart> parts) =>
        ((IEngineLauncher)this).SeesFiles(options)
            ? parts.Where(part => part.Name != LlamaCppFacts.Template).Select(FindProblem).FirstOrDefault(Exists)
            : null;

    private static bool Exists(string? problem) => problem is not null;

    private static string? FindProblem(ModelPart part) =>
        File.Exists(part.Reference)
            ? GgufFile.ProblemOf(part.Reference) is { } problem
                ? $"'{part.Reference}' {problem}. Give {FlagOf(part)} a file that is whole."
                : null
            : part.Name.StartsWith(LlamaCppFacts.LaterPart, StringComparison.Ordinal)
                ? $"'{part.Reference}', a part of the model, does not exist. Give --model-path a model with all parts."
                : null;

    private static string FlagOf(ModelPart part) =>
        part.Name.StartsWith(ModelPart.Model, StringComparison.Ordinal) ? "--model-path"
        : part.Name == LlamaCppFacts.Draft ? "--spec-draft-model"
        : part.Name == LlamaCppFacts.Projector ? "--mmproj"
        : "--lora";

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
                .. LlamaCppArguments.Pinned(options, machine),
                .. options.BackendArguments,
            ],
            new Dictionary<string, string>()
        )
        {
            Files = keyFile is null
                ? new Dictionary<string, string>()
                : new Dictionary<string, string> { [keyFile] = endpoint.Key + "\n" },
            Unset = LlamaCppArguments.Unset,
        };
    }
}
