namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Writes that wait for the one thread that stores them. It waits without spinning: BlockingCollection waits for a
/// SemaphoreSlim, which first yields the processor up to 140 times (SemaphoreSlim.cs of .NET 10.0), and on an idle
/// server each of them is a system call.
/// </summary>
/// <param name="capacity">Most writes that wait.</param>
internal sealed class WriteQueue(int capacity) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Queue<PendingWrite> _writes = new();
    private readonly AutoResetEvent _changed = new(initialState: false);
    private readonly ManualResetEvent _closing = new(initialState: false);
    private bool _isClosed;

    /// <summary>Most writes that wait.</summary>
    public int Capacity => capacity;

    /// <summary>Writes that wait now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _writes.Count;
        }
    }

    /// <summary>Whether none waits and none will.</summary>
    public bool IsCompleted
    {
        get
        {
            lock (_lock)
                return _isClosed && _writes.Count == 0;
        }
    }

    /// <summary>Adds a write.</summary>
    /// <returns>Whether it was added; null if none is taken any more, false if too many wait.</returns>
    public bool? TryAdd(PendingWrite write)
    {
        lock (_lock)
        {
            if (_isClosed)
                return null;
            if (_writes.Count >= capacity)
                return false;
            _writes.Enqueue(write);
            // Whoever takes them takes all: it waits for the first one alone.
            if (_writes.Count == 1)
                _changed.Set();
        }
        return true;
    }

    /// <summary>Takes all writes, once there is one.</summary>
    /// <param name="taken">The list to add them to.</param>
    /// <param name="wait">Longest wait for the first one.</param>
    public void TakeAll(List<PendingWrite> taken, TimeSpan wait)
    {
        if (!TryTake(taken) && _changed.WaitOne(wait))
            TryTake(taken);
    }

    /// <summary>Lets more writes come, unless none will.</summary>
    public void Gather(TimeSpan pause) => _closing.WaitOne(pause);

    /// <summary>Takes no more writes. Those that wait stay.</summary>
    public void Close()
    {
        lock (_lock)
            _isClosed = true;
        _closing.Set();
        _changed.Set();
    }

    public void Dispose()
    {
        _changed.Dispose();
        _closing.Dispose();
    }

    private bool TryTake(List<PendingWrite> taken)
    {
        lock (_lock)
        {
            if (_writes.Count == 0)
                return _isClosed;
            taken.AddRange(_writes);
            _writes.Clear();
            // What it told of is taken: the next wait is for the next write.
            _changed.Reset();
            return true;
        }
    }
}
