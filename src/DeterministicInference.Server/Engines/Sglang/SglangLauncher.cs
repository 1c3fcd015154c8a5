using System.Globalization;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Sglang;

/// <summary>
/// Launches SGLang by its program <c>sglang serve</c>, or in builds without it as a module of the interpreter in which
/// it is installed.
/// </summary>
internal sealed class SglangLauncher : IEngineLauncher
{
    private static readonly ComputeCapability Hopper = new(9, 0),
        Blackwell = new(10, 0);

    /// <summary>SGLang's own program.</summary>
    private const string Program = "sglang";

    /// <summary>Selects SGLang's engine for processors.</summary>
    public const string CpuVariable = "SGLANG_USE_CPU_ENGINE";

    public string Executable => "python3";

    public string MissingRemedy =>
        "Install Python 3 and SGLang (pip install sglang), name the interpreter of its virtual environment with "
        + "--backend-command, or without a GPU use --backend embedded.";

    public bool AllowsAbbreviations => true;

    public bool TakesKey => true;

    public bool IsKeyGiven(EngineCommandLine own, IReadOnlyDictionary<string, string> variables) =>
        own.Last("--api-key") is not null;

    /// <summary>
    /// With a certificate SGLang speaks https only (server_args.py, ssl_certfile). <c>sglang serve</c> takes the model
    /// also as a word of its own (sgl-project/sglang 0.5.23, sglang/cli/serve.py).
    /// </summary>
    public IReadOnlyList<ReservedArgument> Reserved { get; } =
    [
        new("--model-path", "--model-path", "--model", "--model-type") { IsPositional = true },
        new("--backend-host", "--host"),
        new("--backend-port", "--port"),
        new("--backend-url", "--ssl-certfile", "--ssl-keyfile"),
    ];

    public IReadOnlyList<string> NameFlags { get; } = ["--served-model-name"];

    public EngineLaunch Launch(ServeOptions options, MachineFacts machine, EngineEndpoint endpoint)
    {
        ComputeKind kind = EngineCompute.Of(options, machine);
        var own = new EngineCommandLine(options.BackendArguments);
        (string program, string[] command) = Command(options, machine);
        // SGLang sets its processes' titles, and setproctitle writes them over the environment, by which the guards
        // recognise the engine's processes (https://pypi.org/project/setproctitle, "Environment variables").
        var variables = new Dictionary<string, string> { ["SPT_NOENV"] = "1" };
        // Without the variable SGLang looks for a GPU (sgl-project/sglang 0.5.23, docs/platforms/cpu_server.md).
        if (kind == ComputeKind.Cpu && !machine.Variables.ContainsKey(CpuVariable))
            variables[CpuVariable] = "1";
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
            program,
            [
                .. command,
                "--model-path",
                options.ModelPath!,
                "--host",
                endpoint.Host,
                "--port",
                endpoint.Port.ToString(CultureInfo.InvariantCulture),
                .. file is not null
                    ? (string[])["--config", file]
                    : keys.SelectMany(pair => (string[])["--" + pair.Flag, pair.Value]),
                .. kind == ComputeKind.Cpu && own.Last("--device") is null ? (string[])["--device", "cpu"] : [],
                .. options.Enforces ? Deterministic(options, machine, kind) : [],
                .. LaunchedName.Argument(this, options),
                .. options.BackendArguments,
            ],
            variables
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

    /// <summary>
    /// Whether a command is the python3 of an environment, another version of it, or SGLang's program.
    /// </summary>
    public bool IsOwnProgram(string command) =>
        IEngineLauncher.IsNamed(command, "python") || IEngineLauncher.IsNamed(command, Program);

    /// <summary>Python's error for <c>-m sglang.launch_server</c> in an interpreter without SGLang.</summary>
    public bool SaysItIsMissing(string line) => line.Contains("No module named", StringComparison.Ordinal);

    /// <summary>An attention backend that has a deterministic mode on these GPUs; null if they are unknown.</summary>
    public static string? AttentionFor(ComputeKind kind, MachineFacts machine)
    {
        switch (kind)
        {
            case ComputeKind.Cpu:
                return null;
            case ComputeKind.Rocm:
                // SGLang itself would choose fa3, which does not run there (overrides, 0.5.23,
                // _deterministic_attention_backend).
                return "triton";
            case ComputeKind.Xpu:
                return SglangAttention.HasXpuAttention(machine) && !SglangAttention.IsMla(machine.Model)
                    ? "intel_xpu"
                    : "triton";
            default:
                break;
        }
        if (machine.Least is not { } least || machine.Most is not { } most)
            return null;
        if (least >= Hopper && most < Blackwell)
            return "fa3";
        // With GPUs of several kinds it is unknown which ones the engine uses; triton runs on all.
        return least >= Blackwell && !SglangAttention.IsMla(machine.Model) ? "flashinfer" : "triton";
    }

    /// <summary>
    /// <c>sglang serve</c>, which SGLang documents since 2026-09-21 (sgl-project/sglang#40647), where the build has it:
    /// <c>-m sglang.launch_server</c> warns there. Its module does nothing when it is run by <c>-m</c>, so that the
    /// program beside the interpreter is needed. <c>--model-type</c> spares it to look at the model hub.
    /// </summary>
    private (string Program, string[] Command) Command(ServeOptions options, MachineFacts machine)
    {
        string given = options.BackendCommand ?? Executable;
        bool isProgram = Path.GetFileName(given).StartsWith(Program, StringComparison.Ordinal);
        if (!isProgram && (machine.Installation?.ServeProgram is null || !IsOwnProgram(given)))
            return (given, ["-m", "sglang.launch_server"]);
        string[] type = machine.Installation?.ServeTakesModelType == true ? ["--model-type", "llm"] : [];
        return (isProgram ? given : machine.Installation!.ServeProgram!, ["serve", .. type]);
    }

    private static IEnumerable<string> Deterministic(ServeOptions options, MachineFacts machine, ComputeKind kind) =>
        [
            "--enable-deterministic-inference",
            .. AttentionFor(kind, machine) is { } attention ? (string[])["--attention-backend", attention] : [],
            // Fixed instead of drawn at every start, although no request with a seed depends on it.
            "--random-seed",
            "0",
            // SGLang's default is 2048 on GPUs with less than 35 GB (server_args.py), which is less than what prompts
            // are cut at: before 0.5.23 longer ones hang forever on flashinfer and triton (sgl-project/sglang#36344),
            // since then SGLang does not start on flashinfer (managers/scheduler.py:1802).
            "--chunked-prefill-size",
            Chunk(machine).ToString(CultureInfo.InvariantCulture),
            // On fa3 answers vary with the prefix that the cache has (sgl-project/sglang#22819).
            .. options.IsStrict ? (string[])["--disable-radix-cache"] : [],
        ];

    /// <summary>The usual size, or what prompts are cut at where variables say more.</summary>
    private static int Chunk(MachineFacts machine)
    {
        var alignment = SglangAlignment.Of(machine.Variables);
        return Math.Max(SglangAlignment.Usual, Math.Max(alignment.Flashinfer, alignment.Triton));
    }
}
