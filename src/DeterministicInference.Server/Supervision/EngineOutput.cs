using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Logging;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Writes the engine's lines to the log under a module of their own, and keeps the last ones for error messages. Safe
/// for concurrent use.
/// </summary>
/// <param name="loggers">Creates the loggers.</param>
/// <param name="module">The engine's module.</param>
/// <param name="secrets">
/// Secrets to remove from every line: engines print their arguments at start, keys included.
/// </param>
internal sealed partial class EngineOutput(ILoggerFactory loggers, string module, SecretMask secrets)
{
    private const int Kept = 20;

    private readonly ILogger _logger = loggers.CreateLogger(module);
    private readonly Queue<string> _last = new();
    private readonly Lock _lock = new();
    private long _count;

    /// <summary>The last lines, oldest first.</summary>
    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lock)
                return [.. _last];
        }
    }

    /// <summary>Number of lines since the start of the server.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Whether the engine could not listen on its port: EADDRINUSE in the words of C and of Python.</summary>
    public bool SaysPortIsTaken =>
        LastLines.Any(line => line.Contains("address already in use", StringComparison.OrdinalIgnoreCase));

    /// <summary>Forgets the lines of the engine before, as another one is about to be started.</summary>
    public void BeginEngine()
    {
        lock (_lock)
            _last.Clear();
    }

    public void Add(string line)
    {
        if (line.Length == 0)
            return;
        Interlocked.Increment(ref _count);
        line = secrets.Apply(line);
        lock (_lock)
        {
            if (_last.Count == Kept)
                _last.Dequeue();
            _last.Enqueue(line);
        }
        // The embedded engine writes lines in this server's own form, which keep their level and module.
        Match own = OwnLine().Match(line);
        if (own.Success)
            EngineLine(
                loggers.CreateLogger(own.Groups[2].Value),
                LogLevelNames.Find(own.Groups[1].Value) ?? LogLevel.Information,
                own.Groups[3].Value
            );
        else
            EngineLine(_logger, LogLevel.Information, line);
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| ([A-Z]+) *\| (deterministic_inference\.[a-z_.]+) \| (.*)$")]
    private static partial Regex OwnLine();

    [LoggerMessage(Message = "{Line}")]
    private static partial void EngineLine(ILogger logger, LogLevel level, string line);
}
