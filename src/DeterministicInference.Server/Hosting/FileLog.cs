using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Server.Hosting;

/// <summary>
/// Appends <see cref="LogLine"/>s to a file, on a thread of its own behind a bounded queue: a slow or full disk costs lines,
/// never requests. Lost lines are counted in the file once it can be written again.
/// </summary>
internal sealed class FileLog : ILoggerProvider
{
    private const int Capacity = 10_000;
    private static readonly TimeSpan LongestFlush = TimeSpan.FromSeconds(2);

    private readonly Channel<string> _lines = Channel.CreateBounded<string>(
        new BoundedChannelOptions(Capacity) { SingleReader = true });

    private readonly LogLine _line;
    private readonly FileStream _file;
    private readonly Thread _writer;
    private int _lost;

    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file can't be opened.</exception>
    public FileLog(string path, LogLine line)
    {
        _line = line;
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);
        _writer = new Thread(WriteAll) { IsBackground = true, Name = "log file" };
        _writer.Start();
    }

    public ILogger CreateLogger(string categoryName) => new Category(this, categoryName);

    public void Dispose()
    {
        _lines.Writer.TryComplete();
        if (_writer.Join(LongestFlush)) _file.Dispose();
    }

    private void WriteAll()
    {
        while (_lines.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (_lines.Reader.TryRead(out string? line)) Write(line);
            TryFlush();
        }
    }

    private void Write(string line)
    {
        int lost = Volatile.Read(ref _lost);
        try
        {
            if (lost > 0)
            {
                _file.Write(Encoding.UTF8.GetBytes($"({lost} lines could not be written)\n"));
                Interlocked.Add(ref _lost, -lost);
            }
            _file.Write(Encoding.UTF8.GetBytes(line));
        }
        catch (IOException)
        {
            // A full disk must not end serving; the count says that lines are missing.
            Interlocked.Increment(ref _lost);
        }
    }

    private void TryFlush()
    {
        try
        {
            _file.Flush();
        }
        catch (IOException)
        {
            Interlocked.Increment(ref _lost);
        }
    }

    private sealed class Category(FileLog log, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!log._lines.Writer.TryWrite(log._line.Format(new LogEntry<TState>(logLevel, name, eventId, state, exception, formatter)))) Interlocked.Increment(ref log._lost);
        }
    }
}
