using System.CommandLine;
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
    private const string CommandName = "engine";

    private static readonly EmbeddedEngineOptions Default = new();
    private static readonly LogLevelValue LogLevels = new();
    private static readonly HostValue Hosts = new(allowsNames: false);

    private readonly Option<string?> _modelPath = new("--model-path")
    {
        Description = "Folder of a Hugging Face model of the Llama architecture. Default: the bundled demo model.",
    };
    private readonly Option<string> _host = new("--host")
    {
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
        Description = "Unix socket to listen on instead of host and port; its file must not exist.",
    };
    private readonly Option<string?> _servedModelName = new("--served-model-name")
    {
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
    private readonly Option<string> _logLevel = new("--log-level")
    {
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
        _logLevel.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var level }] && LogLevels.Read(level, out _) is { } complaint)
                result.AddError($"{_logLevel.Name}: '{level}' {complaint}");
        });
        Command = new Command(CommandName, "Serve the embedded CPU engine over HTTP.")
        {
            _modelPath,
            _host,
            _port,
            _socketPath,
            _servedModelName,
            _seed,
            _threads,
            _maxSequences,
            _prefillChunk,
            _cacheMebibytes,
            _maxRequestBytes,
            _logLevel,
        };
    }

    /// <summary>The command, without an action.</summary>
    public Command Command { get; }

    /// <summary>Whether the command can listen on a host; null, or why not: continues "'host' …".</summary>
    public static string? FindHostProblem(string host) => Hosts.Read(host, out _);

    /// <summary>The parser's errors about arguments of the command.</summary>
    public static IReadOnlyList<string> Problems(IReadOnlyList<string> words) =>
        [
            .. new EmbeddedArguments()
                .Command.Parse([CommandName, .. words], CommandSyntax.Plain)
                .Errors.Select(error => error.Message),
        ];

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
            MaxSequences = parsed.GetValue(_maxSequences),
            PrefillChunk = parsed.GetValue(_prefillChunk),
            CacheMebibytes = parsed.GetValue(_cacheMebibytes),
            MaxRequestBytes = parsed.GetValue(_maxRequestBytes),
            LogLevel = LogLevels.Read(parsed.GetValue(_logLevel)!, out LogLevel level) is null
                ? level
                : Default.LogLevel,
        };
}
