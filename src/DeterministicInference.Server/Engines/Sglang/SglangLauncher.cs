using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>Launches SGLang as a module of the interpreter in which it is installed.</summary>
internal sealed class SglangLauncher : IEngineLauncher
{
    private static readonly ComputeCapability Hopper = new(9, 0),
        Blackwell = new(10, 0);

    public string Executable => "python3";

    public string MissingRemedy =>
        "Install Python 3 and SGLang (pip install sglang), or name the interpreter of its virtual environment with "
        + "--backend-command.";

    public bool AllowsAbbreviations => true;

    public bool TakesKey => true;

    public bool IsKeyGiven(EngineCommandLine own, IReadOnlyDictionary<string, string> variables) =>
        own.Last("--api-key") is not null;

    /// <summary>With a certificate SGLang speaks https only (server_args.py, ssl_certfile).</summary>
    public IReadOnlyList<ReservedArgument> Reserved { get; } =
    [
        new("--model-path", "--model-path", "--model"),
        new("--served-model-name", "--served-model-name"),
        new("--backend-host", "--host"),
        new("--backend-port", "--port"),
        new("--backend-url", "--ssl-certfile", "--ssl-keyfile"),
    ];

    public EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint)
    {
        var own = new EngineCommandLine(options.BackendArguments);
        (string Flag, string Value)[] keys =
        [
            .. endpoint.Key is { } key ? ((string, string)[])[("api-key", key)] : [],
            .. endpoint.AdminKey is { } admin && own.Last("--admin-api-key") is null
                ? ((string, string)[])[("admin-api-key", admin)]
                : [],
        ];
        // SGLang reads one such file only (server_args_config_parser.py), so a user's own one comes before.
        string? file =
            keys.Length > 0
            && endpoint.Folder is { } folder
            && own.Last("--config") is null
            && ((IEngineLauncher)this).SeesFiles(options)
                ? Path.Combine(folder, "keys.yaml")
                : null;
        return new(
            options.BackendCommand ?? Executable,
            [
                "-m",
                "sglang.launch_server",
                "--model-path",
                options.ModelPath!,
                "--host",
                endpoint.Host,
                "--port",
                endpoint.Port.ToString(CultureInfo.InvariantCulture),
                .. file is not null
                    ? ["--config", file]
                    : keys.SelectMany(pair => (string[])["--" + pair.Flag, pair.Value]),
                .. options.Enforces ? Deterministic(machine) : [],
                "--served-model-name",
                options.ModelName,
                .. options.BackendArguments,
            ],
            // SGLang sets its processes' titles, and setproctitle writes them over the environment, by which the guards
            // recognise the engine's processes (https://pypi.org/project/setproctitle, "Environment variables").
            new Dictionary<string, string> { ["SPT_NOENV"] = "1" }
        )
        {
            Files = file is null
                ? new Dictionary<string, string>()
                : new Dictionary<string, string>
                {
                    [file] = string.Concat(keys.Select(pair => $"{pair.Flag}: '{pair.Value}'\n")),
                },
        };
    }

    /// <summary>Whether a command is the python3 of an environment, or another version of it.</summary>
    public bool IsOwnProgram(string command) =>
        Path.GetFileName(command).StartsWith("python", StringComparison.Ordinal);

    /// <summary>Python's error for <c>-m sglang.launch_server</c> in an interpreter without SGLang.</summary>
    public bool SaysItIsMissing(string line) => line.Contains("No module named", StringComparison.Ordinal);

    /// <summary>An attention backend that has a deterministic mode on these GPUs; null if they are unknown.</summary>
    public static string? AttentionFor(MachineFacts machine)
    {
        if (machine.Least is not { } least || machine.Most is not { } most)
            return null;
        if (least >= Hopper && most < Blackwell)
            return "fa3";
        // With GPUs of several kinds it is unknown which ones the engine uses; triton runs on all.
        return least >= Blackwell && !SglangConfiguration.NeedsFa3OrTriton(machine.Model) ? "flashinfer" : "triton";
    }

    private static IEnumerable<string> Deterministic(MachineFacts machine) =>
        [
            "--enable-deterministic-inference",
            .. AttentionFor(machine) is { } attention ? (string[])["--attention-backend", attention] : [],
            // Fixed instead of drawn at every start, although no request with a seed depends on it.
            "--random-seed",
            "0",
            // Below 4096, prompts longer than the chunk hang forever on flashinfer and triton
            // (sgl-project/sglang#36344); SGLang's default is 2048 on GPUs with less than 35 GB (server_args.py).
            "--chunked-prefill-size",
            "4096",
        ];
}
