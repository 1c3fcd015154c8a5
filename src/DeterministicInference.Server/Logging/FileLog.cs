using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Server.Logging;

/// <summary>
/// Appends the lines of a <see cref="LogLineFormatter"/> to a <see cref="RotatingFile"/>, on its own thread behind a
/// bounded queue: a slow or full disk costs lines, never requests. Lost lines are counted, and the count is written
/// once the file accepts lines again. Own code because Serilog's file sink renames the active file on rotation
/// (https://github.com/serilog/serilog-sinks-file), NLog numbers archived files from the oldest and does not count what
/// a full disk costs, and two libraries for Microsoft.Extensions.Logging (Karambolo, NReco) were not available.
/// </summary>
internal sealed class FileLog : ILoggerProvider
{
    /// <summary>The module of this log's own lines.</summary>
    public const string Module = "deterministic_inference.log";

    /// <summary>Largest number of queued characters.</summary>
    public const int Capacity = 8 << 20;

    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>(
        new UnboundedChannelOptions { SingleReader = true }
    );
    private readonly LogLineFormatter _line;
    private readonly RotatingFile _file;
    private readonly Thread _writer;
    private int _waiting,
        _lost;
    private long _checked;
    private bool _isFailing;

    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be opened.</exception>
    public FileLog(RotatingFile file, LogLineFormatter line)
    {
        _line = line;
        _file = file;
        _file.Open();
        _writer = new Thread(WriteAll) { IsBackground = true, Name = "log file" };
        _writer.Start();
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose()
    {
        _lines.Writer.TryComplete();
        if (_writer.Join(LongestFlush))
            _file.Dispose();
    }

    private void Post(string line)
    {
        if (line.Length == 0)
            return;
        // Counted first, so that the writer never takes off what was not added yet.
        bool fits = Volatile.Read(ref _waiting) < Capacity;
        if (fits)
            Interlocked.Add(ref _waiting, line.Length);
        if (!fits || !_lines.Writer.TryWrite(line))
            Interlocked.Increment(ref _lost);
    }

    private void WriteAll()
    {
        while (true)
        {
            Task<bool> more = _lines.Reader.WaitToReadAsync().AsTask();
            // Lost lines are reported even if nothing else is logged.
            while (!more.Wait(Volatile.Read(ref _lost) > 0 ? RetryInterval : Timeout.InfiniteTimeSpan))
                TryWrite("");
            if (!more.Result)
                break;
            _file.Refresh();
            while (_lines.Reader.TryRead(out string? line))
            {
                Interlocked.Add(ref _waiting, -line.Length);
                if (!TryWrite(line))
                    Interlocked.Increment(ref _lost);
            }
        }
        TellLost();
    }

    private bool TryWrite(string line)
    {
        if (Stopwatch.GetElapsedTime(_checked) > RetryInterval)
        {
            _file.Refresh();
            _checked = Stopwatch.GetTimestamp();
        }
        else if (_isFailing)
        {
            // A file that can't be written is not retried for every line.
            return false;
        }
        _isFailing = !TellLost() || (line.Length > 0 && !_file.TryWrite(line));
        if (_file.TakeRotationFailure())
            _file.TryWrite(Remark("This file can't be rotated and keeps growing: its folder is not writable"));
        return !_isFailing;
    }

    /// <returns>Whether the report was written, or there was nothing to report.</returns>
    private bool TellLost()
    {
        int lost = Volatile.Read(ref _lost);
        if (lost == 0)
            return true;
        if (!_file.TryWrite(Remark($"{lost} lines could not be written")))
            return false;
        Interlocked.Add(ref _lost, -lost);
        return true;
    }

    private string Remark(string text) =>
        _line.Format(new LogEntry<string>(LogLevel.Warning, Module, default, text, null, static (text, _) => text));

    private sealed class Category(FileLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => log.Post(log._line.Format(new LogEntry<TState>(logLevel, name, eventId, state, exception, formatter)));
    }
}
