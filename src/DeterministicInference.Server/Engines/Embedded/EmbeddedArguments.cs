using System.CommandLine;
using System.Text;
using DeterministicInference.Engine.Arithmetic;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>
/// The command line of the <c>engine</c> command, one option per setting: for the command itself, and for the check of
/// the arguments before a launch.
/// </summary>
internal sealed class EmbeddedArguments
{
    public const string InstructionsFlag = "--instructions";

    public const string AccessLogFlag = "--access-log";

    public const string CommandName = "engine";

    private static readonly EmbeddedEngineOptions Default = new();
    private static readonly LogLevelValue LogLevels = new();
    private static readonly ChoiceValue<InstructionSet> InstructionSets = new();
    private static readonly BooleanValue Booleans = new();
    private static readonly HostValue Hosts = new(allowsNames: false);

    private readonly Option<string?> _modelPath = new("--model-path")
    {
        HelpName = "FOLDER",
        Description = "Folder of a Hugging Face model of the Llama architecture. Default: the bundled demo model.",
    };
    private readonly Option<string> _host = new("--host")
    {
        HelpName = "HOST",
        Description = "Address to listen on.",
        DefaultValueFactory = _ => Default.Host,
    };
    private readonly Option<int> _port = CommandSyntax.Number(
        "--port",
        "Port to listen on; 0 picks a free one.",
        Default.Port,
        0,
        65535
    );
    private readonly Option<string?> _socketPath = new("--uds")
    {
        HelpName = "SOCKET",
        Description = "Unix socket to listen on instead of host and port; its file must not exist.",
    };
    private readonly Option<string?> _servedModelName = new("--served-model-name")
    {
        HelpName = "NAME",
        Description = "Name in /v1/models. Default: the folder's name.",
    };
    private readonly Option<long> _seed = CommandSyntax.Number(
        "--seed",
        "Seed of requests that have none.",
        Default.Seed,
        long.MinValue,
        long.MaxValue
    );
    private readonly Option<int> _threads = CommandSyntax.Number(
        "--threads",
        "Threads that compute. Does not change answers.",
        Default.Threads,
        1,
        512
    );
    private readonly Option<string?> _instructions = CommandSyntax.Text(
        InstructionsFlag,
        InstructionSets,
        "Registers that compute. Does not change answers. Default: the widest that processor and build have."
    );
    private readonly Option<int> _maxSequences = CommandSyntax.Number(
        "--max-sequences",
        "Choices computed at the same time; further requests wait.",
        Default.MaxSequences,
        1,
        4096
    );
    private readonly Option<int> _prefillChunk = CommandSyntax.Number(
        "--prefill-chunk",
        "Prompt tokens computed per step. Does not change answers.",
        Default.PrefillChunk,
        1,
        65536
    );
    private readonly Option<int> _cacheMebibytes = CommandSyntax.Number(
        "--kv-cache-mib",
        "Memory for keys and values, in MiB.",
        Default.CacheMebibytes,
        1,
        1 << 24
    );
    private readonly Option<long> _maxRequestBytes = CommandSyntax.Number(
        "--max-request-bytes",
        "Largest request body.",
        Default.MaxRequestBytes,
        1,
        long.MaxValue
    );
    private readonly Option<string?> _accessLog = CommandSyntax.Text(
        AccessLogFlag,
        Booleans,
        "Whether each request is a line of the log. Default: true."
    );
    private readonly Option<string> _logLevel = new("--log-level")
    {
        HelpName = "LEVEL",
        Description = $"{LogLevelNames.All}.",
        DefaultValueFactory = _ => LogLevelNames.Of(Default.LogLevel),
    };

    public EmbeddedArguments()
    {
        _host.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var host }] && Hosts.Read(host, out _) is { } complaint)
                result.AddError($"{_host.Name}: '{host}' {complaint}");
        });
        _socketPath.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var path }] && FindSocketProblem(path) is { } complaint)
                result.AddError($"{_socketPath.Name}: '{path}' {complaint}");
        });
        foreach (Option option in (Option[])[_host, _port])
        {
            option.Validators.Add(result =>
            {
                if (result is { Implicit: false } && result.GetResult(_socketPath) is { Implicit: false })
                    result.AddError($"{option.Name}: has no effect with {_socketPath.Name}. Leave one of them out.");
            });
        }
        _instructions.Validators.Add(result =>
        {
            if (
                result.Tokens is [{ Value: var text }]
                && InstructionSets.Read(text, out InstructionSet set) is null
                && FindInstructionsProblem(set) is { } complaint
            )
            {
                result.AddError($"{InstructionsFlag}: '{text}' {complaint}");
            }
        });
        _logLevel.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var level }] && LogLevels.Read(level, out _) is { } complaint)
                result.AddError($"{_logLevel.Name}: '{level}' {complaint}");
        });
        Options =
        [
            _modelPath,
            _host,
            _port,
            _socketPath,
            _servedModelName,
            _seed,
            _threads,
            _instructions,
            _maxSequences,
            _prefillChunk,
            _cacheMebibytes,
            _maxRequestBytes,
            _accessLog,
            _logLevel,
        ];
    }

    public IReadOnlyList<Option> Options { get; }

    /// <summary>Whether the command can listen on a host; null, or why not: continues "'host' …".</summary>
    public static string? FindHostProblem(string host) => Hosts.Read(host, out _);

    /// <summary>
    /// The kernel's limit of sun_path, without its NUL (https://man7.org/linux/man-pages/man7/unix.7.html).
    /// </summary>
    private const int LongestSocketPath = 107;

    private static string? FindSocketProblem(string path) =>
        Encoding.UTF8.GetByteCount(Path.GetFullPath(path)) > LongestSocketPath
            ? $"is longer than {LongestSocketPath} bytes as a whole path. Give a shorter one."
        : Path.Exists(path) ? "exists already. Remove it, or give another path."
        : !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path)))
            ? "is in a folder that does not exist. Create the folder, or give another path."
        : null;

    /// <summary>Whether this program can compute so; null, or why not: continues "'set' …".</summary>
    public static string? FindInstructionsProblem(InstructionSet set) =>
        Instructions.IsAvailable(set)
            ? null
            : "is not available: processor and build have "
                + $"{EngineChoice.List(Instructions.Available.Select(Instructions.NameOf), "and")}. The bits are the "
                + "same with each; give one of these, or leave the setting out.";

    /// <summary>What is wrong with arguments of the command.</summary>
    public static IReadOnlyList<string> Problems(IReadOnlyList<string> words)
    {
        var command = new Command(CommandName);
        foreach (Option option in new EmbeddedArguments().Options)
            command.Options.Add(option);
        return CommandLineProblems.Find(command.Parse([CommandName, .. words], CommandSyntax.Plain), words);
    }

    /// <summary>The settings of a command line without errors.</summary>
    public EmbeddedEngineOptions Read(ParseResult parsed) =>
        new()
        {
            ModelPath = parsed.GetValue(_modelPath),
            Host = Hosts.Read(parsed.GetValue(_host)!, out string host) is null ? host : Default.Host,
            Port = parsed.GetValue(_port),
            SocketPath = parsed.GetValue(_socketPath),
            ServedModelName = parsed.GetValue(_servedModelName),
            Seed = parsed.GetValue(_seed),
            Threads = parsed.GetValue(_threads),
            Instructions =
                parsed.GetValue(_instructions) is { } text && InstructionSets.Read(text, out InstructionSet set) is null
                    ? set
                    : Default.Instructions,
            MaxSequences = parsed.GetValue(_maxSequences),
            PrefillChunk = parsed.GetValue(_prefillChunk),
            CacheMebibytes = parsed.GetValue(_cacheMebibytes),
            MaxRequestBytes = parsed.GetValue(_maxRequestBytes),
            AccessLog =
                parsed.GetValue(_accessLog) is not { } logs || Booleans.Read(logs, out bool isOn) is not null || isOn,
            LogLevel = LogLevels.Read(parsed.GetValue(_logLevel)!, out LogLevel level) is null
                ? level
                : Default.LogLevel,
        };
}
