using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Xunit;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>Waits for log lines, each after the one before.</summary>
internal sealed class LogSignal : ILoggerProvider, ILogger
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

    private readonly ConcurrentQueue<string> _all = new();

    /// <summary>All lines so far.</summary>
    public IEnumerable<string> Lines => _all;

    public async Task SeenAsync(string text)
    {
        while (
            !(await _lines.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Within()).Contains(
                text,
                StringComparison.Ordinal
            )
        ) { }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        string line = formatter(state, exception);
        _all.Enqueue(line);
        _lines.Writer.TryWrite(line);
    }

    public void Dispose() { }
}
