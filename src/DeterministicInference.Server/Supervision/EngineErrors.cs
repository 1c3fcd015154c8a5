using System.Text.RegularExpressions;
using DeterministicInference.Server.Engines;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Finds why an engine ends among the errors that it writes: the first one of a failure is the cause, and what follows
/// is its echo in the engine's other processes. Not thread-safe.
/// </summary>
/// <param name="rules">How the engine's lines are read.</param>
internal sealed partial class EngineErrors(EngineOutputRules rules)
{
    private const int MostErrors = 64,
        MostSources = 64;

    /// <summary>
    /// An error that so many entries below ERROR follow did not end a running engine: it was a request's, or passed.
    /// </summary>
    private const int SurvivedAfter = 500;

    private readonly List<Entry> _errors = [];

    /// <summary>The error of which each process has not written the end yet.</summary>
    private readonly Dictionary<string, Entry> _open = new(StringComparer.Ordinal);

    /// <summary>The error that a line without prefix continues.</summary>
    private Entry? _latest;

    private int _others;

    /// <summary>Whether the engine has been ready since it was started.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>
    /// The cause so far, in one line: of a traceback the exception, else the error's first line. Null if no error tells
    /// one.
    /// </summary>
    public string? Cause
    {
        get
        {
            IEnumerable<(string Text, bool IsConsequence)> told = _errors
                .Where(error => !IsSurvived(error) && error.Cause is not null && !IsRequests(error))
                .Select(error => (error.Cause!, IsConsequence(error)));
            return told.OrderBy(error => error.IsConsequence).Select(error => error.Text).FirstOrDefault();
        }
    }

    /// <summary>Forgets everything: another engine is about to be started.</summary>
    public void Begin() => Clear(isRunning: false);

    /// <summary>Forgets the errors of the start, which the engine has survived.</summary>
    public void BecameReady() => Clear(isRunning: true);

    /// <summary>Takes the next line.</summary>
    /// <returns>Its level: every line of an error has the error's.</returns>
    public LogLevel Add(in EngineLine line)
    {
        if (line.BeginsEntry && line.Level < LogLevel.Error)
        {
            _open.Remove(line.Source);
            _latest = null;
            _others++;
            return line.Level;
        }
        Entry? current = line.BeginsEntry || line.Source.Length > 0 ? _open.GetValueOrDefault(line.Source) : _latest;
        bool isTraceback = Traceback().IsMatch(line.Text);
        bool continues =
            current is not null
            && (
                line.BeginsEntry
                    ? current.Place == line.Place && line.Place.Length > 0
                    : current.Takes(line.Text, isTraceback)
            );
        if (!continues && !isTraceback && line.Level < LogLevel.Error)
            return line.Level;
        if (!continues)
            current = Open(line);
        current!.Add(line.Text, isTraceback);
        _latest = current;
        return LogLevel.Error;
    }

    private void Clear(bool isRunning)
    {
        _errors.Clear();
        _open.Clear();
        _latest = null;
        (IsRunning, _others) = (isRunning, 0);
    }

    private Entry Open(in EngineLine line)
    {
        var error = new Entry(line.Place, _others);
        if (_errors.Count == MostErrors)
            _errors.RemoveAll(IsSurvived);
        // The first ones matter. An engine that invents names of processes must not fill the memory.
        if (_errors.Count < MostErrors)
            _errors.Add(error);
        if (_open.Count == MostSources)
            _open.Clear();
        _open[line.Source] = error;
        return error;
    }

    private bool IsSurvived(Entry error) => IsRunning && _others - error.After > SurvivedAfter;

    private bool IsRequests(Entry error) => rules.RequestErrors?.IsMatch(error.First) == true;

    private bool IsConsequence(Entry error) =>
        rules.Consequences is { } echo && (echo.IsMatch(error.First) || echo.IsMatch(error.Cause!));

    [GeneratedRegex(@"(?:^|: )Traceback \(most recent call last\):\s*$", RegexOptions.CultureInvariant)]
    private static partial Regex Traceback();

    /// <summary>
    /// What stands between the tracebacks of exceptions that were raised one from another
    /// (https://docs.python.org/3/library/traceback.html).
    /// </summary>
    [GeneratedRegex("^(?:During handling of|The above exception was) ", RegexOptions.CultureInvariant)]
    private static partial Regex Chain();

    /// <summary>The exception of pydantic counts the errors, and an indented line tells the first.</summary>
    [GeneratedRegex(@"\b\d+ validation errors? for \S+$", RegexOptions.CultureInvariant)]
    private static partial Regex Validation();

    /// <summary>The module of an exception's class.</summary>
    [GeneratedRegex(@"^(?:\w+\.)+(?=[A-Z]\w*(?::|$))", RegexOptions.CultureInvariant)]
    private static partial Regex Module();

    /// <summary>One error, of which only what may be its cause is kept.</summary>
    /// <param name="place">Where the engine's code has written it.</param>
    /// <param name="after">Number of entries below ERROR before it.</param>
    private sealed class Entry(string place, int after)
    {
        /// <summary>Longest text that is kept, in characters.</summary>
        private const int Longest = 1000;

        private string? _exception,
            _detail;
        private bool _isInFrames,
            _isChained;

        public string Place => place;

        public int After => after;

        public string First { get; private set; } = "";

        /// <summary>Null while the traceback's exception is still to come.</summary>
        public string? Cause =>
            _exception is null ? (_isInFrames ? null : First)
            : _detail is null ? _exception
            : $"{_exception}: {_detail}";

        /// <summary>Whether a line without prefix belongs to it.</summary>
        public bool Takes(string text, bool isTraceback) =>
            _isInFrames
            || (isTraceback && _isChained)
            || IsIndented(text)
            || Chain().IsMatch(text)
            // A message of several lines, up to the next entry; an uncaught exception's end is not known.
            || (_exception is null && First.Length > 0 && place.Length > 0);

        public void Add(string text, bool isTraceback)
        {
            if (First.Length == 0)
                First = Kept(text);
            _isChained = Chain().IsMatch(text);
            if (isTraceback)
                (_isInFrames, _exception, _detail) = (true, null, null);
            else if (_isInFrames && !IsIndented(text))
                (_isInFrames, _exception) = (false, Kept(Module().Replace(text, "")));
            else if (_exception is not null && _detail is null && Validation().IsMatch(_exception) && IsDetail(text))
                _detail = Kept(text);
        }

        /// <summary>A line that is indented by two is a message, one by none a field's name.</summary>
        private static bool IsDetail(string text) =>
            text.StartsWith("  ", StringComparison.Ordinal) && !string.IsNullOrWhiteSpace(text);

        private static bool IsIndented(string text) => text.Length == 0 || char.IsWhiteSpace(text[0]);

        private static string Kept(string text)
        {
            text = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            return text.Length <= Longest ? text : text[..Longest];
        }
    }
}
