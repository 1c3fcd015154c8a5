using System.Text;
using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Writes the engine's lines to the log under a module of their own, and keeps what explains its end. Safe for
/// concurrent use.
/// </summary>
internal sealed partial class EngineOutput
{
    /// <summary>Lines that are kept for error messages.</summary>
    private const int Kept = 20;

    /// <summary>Of a kept line, in characters.</summary>
    private const int LongestKept = 2000;

    /// <summary>Longer lines, in characters, are for DEBUG whatever they say.</summary>
    private const int LongestShown = 4096;

    /// <summary>Longest cause, and longest line of progress, in characters.</summary>
    private const int LongestCause = 200,
        LongestPhase = 120;

    /// <summary>How many lines before the end the engine may say that it ends itself.</summary>
    private const int Farewell = 60;

    /// <summary>The module of the embedded engine's process, which has others below it.</summary>
    private const string OwnModule = "deterministic_inference.engine";

    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly SecretMask _secrets;
    private readonly EngineOutputRules _rules;
    private readonly EngineErrors _errors;
    private readonly Queue<string> _last = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource<string> _ending = NewSignal();
    private long _count,
        _endedItself = long.MinValue;
    private string? _phase;
    private bool _isCut;

    /// <param name="loggers">Creates the loggers.</param>
    /// <param name="module">The engine's module.</param>
    /// <param name="secrets">
    /// Secrets to remove from every line: engines print their arguments at start, keys included.
    /// </param>
    /// <param name="rules">How the engine's lines are read.</param>
    /// <param name="isOwnProgram">Whether the process is this program, whose own form is believed.</param>
    public EngineOutput(
        ILoggerFactory loggers,
        string module,
        SecretMask secrets,
        EngineOutputRules rules,
        bool isOwnProgram
    )
    {
        (_loggers, _secrets) = (loggers, secrets);
        _logger = loggers.CreateLogger(module);
        _rules = rules.IsOwnForm && !isOwnProgram ? EngineOutputRules.Generic : rules;
        _errors = new EngineErrors(_rules);
    }

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

    /// <summary>What the engine last said about its progress; null for nothing.</summary>
    public string? Phase
    {
        get
        {
            lock (_lock)
                return _phase is { } phase ? Shortened(phase, LongestPhase) : null;
        }
    }

    /// <summary>
    /// Completes with the line by which the engine says that it is about to end, once there is one since
    /// <see cref="BeginEngine"/> or <see cref="BecameReady"/>.
    /// </summary>
    public Task<string> Ending
    {
        get
        {
            lock (_lock)
                return _ending.Task;
        }
    }

    /// <summary>Why the engine ends, as far as its lines say, without a point at the end; null if they don't.</summary>
    public string? Cause
    {
        get
        {
            lock (_lock)
                return CauseNow();
        }
    }

    /// <summary>Forgets the lines of the engine before, as another one is about to be started.</summary>
    public void BeginEngine()
    {
        lock (_lock)
        {
            _last.Clear();
            _errors.Begin();
            (_phase, _isCut, _endedItself) = (null, false, long.MinValue);
            _ending = NewSignal();
        }
    }

    /// <summary>Forgets what the engine has survived: it is ready, for the first time or again.</summary>
    public void BecameReady()
    {
        lock (_lock)
        {
            _errors.BecameReady();
            _ending = NewSignal();
        }
    }

    /// <summary>How the engine ended and why, as a sentence without its subject.</summary>
    /// <param name="exit">The end.</param>
    /// <param name="when">Follows the end, such as <c>unexpectedly</c>.</param>
    public string Explain(EngineExit exit, string when)
    {
        lock (_lock)
        {
            bool isKilled = exit is EngineExit.Signaled { Signal: Libc.SigKill };
            bool endedItself = isKilled && _endedItself >= _count - Farewell;
            // Whoever is killed has written nothing about it.
            string? cause = isKilled && !endedItself ? null : CauseNow();
            return $"{(endedItself ? "ended itself" : exit.Describe())} {when}{(cause is null ? "" : $": {cause}")}.";
        }
    }

    /// <summary>Takes the next line.</summary>
    public void Add(string line)
    {
        if (line.Length == 0)
            return;
        line = _secrets.Apply(line);
        EngineLine read = _rules.Read(line);
        LogLevel level;
        lock (_lock)
        {
            _count++;
            if (_last.Count == Kept)
                _last.Dequeue();
            _last.Enqueue(Shortened(line, LongestKept));
            // A piece of a line too long begins anywhere, perhaps in the text of a request.
            bool isRest = _isCut && !read.BeginsEntry;
            level = isRest ? LogLevel.Debug : _errors.Add(read);
            if (read.IsChatter || line.Length > LongestShown)
                level = LogLevel.Debug;
            if (_rules.EndsItself?.IsMatch(read.Text) == true)
                _endedItself = _count;
            if (read.IsEnding && !_isCut)
                _ending.TrySetResult(Shortened(read.Text.Trim(), LongestCause));
            if (level == LogLevel.Information && !string.IsNullOrWhiteSpace(read.Text))
                _phase = read.Text.Trim();
            // A bar writes a line for each step; the last one says it all, and the phase has the others.
            if (level == LogLevel.Information && ProgressBar().IsMatch(read.Text))
                level = LogLevel.Debug;
            _isCut = Encoding.UTF8.GetByteCount(line) > LineSplitter.LongestLine - 4;
        }
        ILogger logger =
            read.Place.StartsWith(OwnModule, StringComparison.Ordinal) && _rules.IsOwnForm
                ? _loggers.CreateLogger(read.Place)
                : _logger;
        EngineLineRead(logger, level, _rules.IsOwnForm ? read.Text : line);
    }

    /// <summary>
    /// Before the engine is ready, the words of its last lines may do where no error has a known form.
    /// </summary>
    private string? CauseNow()
    {
        string? cause = _errors.Cause;
        if (cause is null && !_errors.IsRunning)
            cause = _last.LastOrDefault(line => AnyError().IsMatch(line));
        return cause is null ? null : Shortened(cause.Trim(), LongestCause).TrimEnd('.', ':', ' ');
    }

    private static string Shortened(string text, int longest)
    {
        if (text.Length <= longest)
            return text;
        int cut = char.IsHighSurrogate(text[longest - 2]) ? longest - 2 : longest - 1;
        return text[..cut] + "…";
    }

    private static TaskCompletionSource<string> NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>
    /// A bar of tqdm (https://tqdm.github.io), also in the form of vLLM and SGLang for checkpoint shards, that is not
    /// full.
    /// </summary>
    [GeneratedRegex(@"(?<![\d.])\d{1,2}%(?: Completed)? ?\|.*\[\d+:\d\d", RegexOptions.CultureInvariant)]
    private static partial Regex ProgressBar();

    [GeneratedRegex(@"\b[Ee]rror: |\b\w+(?:Error|Exception): ", RegexOptions.CultureInvariant)]
    private static partial Regex AnyError();

    [LoggerMessage(Message = "{Line}")]
    private static partial void EngineLineRead(ILogger logger, LogLevel level, string line);
}
