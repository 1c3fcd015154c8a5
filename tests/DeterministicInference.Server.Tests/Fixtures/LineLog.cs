namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>The lines of a process's output, as they come.</summary>
internal sealed class LineLog
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly List<(Predicate<string> Matches, TaskCompletionSource<string> Found)> _searches = [];

    /// <summary>
    /// Whether lines may still come. <see cref="End"/> completes later, and a search added in between would be lost.
    /// </summary>
    private bool _isOpen;

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    /// <summary>Completes when the output is closed.</summary>
    public Task End { get; private set; } = Task.CompletedTask;

    public void Follow(StreamReader reader)
    {
        _isOpen = true;
        End = ReadAsync(reader);
    }

    /// <summary>The first line that matches, now or later.</summary>
    public Task<string> FindAsync(Predicate<string> matches)
    {
        lock (_lock)
        {
            if (_lines.Find(matches) is { } line)
                return Task.FromResult(line);
            var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_isOpen)
                _searches.Add((matches, found));
            else
                found.SetException(new EndOfStreamException("The output ended without the line."));
            return found.Task;
        }
    }

    private async Task ReadAsync(StreamReader reader)
    {
        await Task.Yield();
        while (await reader.ReadLineAsync() is { } line)
        {
            lock (_lock)
            {
                _lines.Add(line);
                foreach ((Predicate<string> matches, TaskCompletionSource<string> found) in _searches)
                {
                    if (matches(line))
                        found.TrySetResult(line);
                }
            }
        }
        lock (_lock)
        {
            _isOpen = false;
            foreach ((_, TaskCompletionSource<string> found) in _searches)
                found.TrySetException(new EndOfStreamException("The output ended without the line."));
        }
    }
}
