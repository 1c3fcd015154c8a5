using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// The engine's lines on their way into our log, under a module of their own, and the last of them for error messages. Safe
/// for concurrent use.
/// </summary>
/// <param name="loggers">Where the lines go.</param>
/// <param name="module">The engine's module.</param>
/// <param name="secrets">What must not leave the engine's output: SGLang begins with all of its arguments, keys included.</param>
internal sealed partial class EngineOutput(ILoggerFactory loggers, string module, SecretMask secrets)
{
    private const int Kept = 20;

    private readonly ILogger _logger = loggers.CreateLogger(module);
    private readonly Queue<string> _last = new();
    private readonly Lock _lock = new();

    /// <summary>The last lines, oldest first.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lock) return [.. _last];
        }
    }

    /// <summary>The lines of an engine that is about to be started are not those of the one before.</summary>
    public void BeginEngine()
    {
        lock (_lock) _last.Clear();
    }

    public void Add(string line)
    {
        if (line.Length == 0) return;
        line = secrets.Apply(line);
        lock (_lock)
        {
            if (_last.Count == Kept) _last.Dequeue();
            _last.Enqueue(line);
        }
        // Our own engine writes lines of our own form: they keep their level and module.
        Match own = OwnLine().Match(line);
        if (own.Success) EngineLine(loggers.CreateLogger(own.Groups[2].Value), LevelOf(own.Groups[1].Value), own.Groups[3].Value);
        else EngineLine(_logger, LogLevel.Information, line);
    }

    private static LogLevel LevelOf(string name) => name switch
    {
        "DEBUG" => LogLevel.Debug,
        "WARNING" => LogLevel.Warning,
        "ERROR" => LogLevel.Error,
        "CRITICAL" => LogLevel.Critical,
        _ => LogLevel.Information,
    };

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| ([A-Z]+) *\| (deterministic_inference\.[a-z_.]+) \| (.*)$")]
    private static partial Regex OwnLine();

    [LoggerMessage(Message = "{Line}")]
    private static partial void EngineLine(ILogger logger, LogLevel level, string line);
}
