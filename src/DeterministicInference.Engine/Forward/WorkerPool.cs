namespace DeterministicInference.Engine.Forward;

/// <summary>Work that falls into independent parts.</summary>
internal interface IParallelWork
{
    /// <param name="part">0 … parts − 1.</param>
    /// <param name="worker">0 … threads − 1: owns the scratch memory of that number.</param>
    void Execute(int part, int worker);
}

/// <summary>
/// Threads that compute the parts of one piece of work at a time together with the thread that calls
/// <see cref="Run"/>. Parts are claimed as threads become free; no part's result depends on who computes it.
/// Idle workers spin briefly, since the next piece of work is usually microseconds away, and then sleep.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private const int SpinsBeforeSleep = 20_000;
    private const int PartBits = 20;
    private const long PartMask = (1L << PartBits) - 1;

    private readonly SemaphoreSlim _wake = new(0);
    private readonly Thread[] _threads;

    // Generation, number of parts and next part in one word: a worker that comes late can't claim a part of a piece
    // of work it has not seen.
    private long _ticket;
    private IParallelWork? _work;
    private int _completed;
    private int _sleeping;
    private Exception? _failure;
    private volatile bool _disposed;

    /// <param name="threads">Including the calling thread; at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => WorkUntilDisposed(worker))
            {
                IsBackground = true,
                Name = $"engine worker {worker}",
            };
            _threads[i].Start();
        }
    }

    public int Threads => _threads.Length + 1;

    /// <summary>Computes all parts and returns when the last is done. For one caller at a time.</summary>
    /// <exception cref="AggregateException">A part failed.</exception>
    public void Run(IParallelWork work, int parts)
    {
        if (_threads.Length == 0 || parts == 1)
        {
            for (int part = 0; part < parts; part++)
                work.Execute(part, 0);
            return;
        }
        ArgumentOutOfRangeException.ThrowIfGreaterThan(parts, PartMask);

        _work = work;
        _completed = 0;
        long generation = (Volatile.Read(ref _ticket) >> (2 * PartBits)) + 1;
        Interlocked.Exchange(ref _ticket, (generation << (2 * PartBits)) | ((long)parts << PartBits));
        int sleeping = Volatile.Read(ref _sleeping);
        if (sleeping > 0)
            _wake.Release(sleeping);

        ClaimParts(0);
        var spin = new SpinWait();
        while (Volatile.Read(ref _completed) < parts)
            spin.SpinOnce(sleep1Threshold: -1);
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            throw new AggregateException(failure);
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_threads.Length > 0)
            _wake.Release(_threads.Length);
        foreach (Thread thread in _threads)
            thread.Join();
        _wake.Dispose();
    }

    private void ClaimParts(int worker)
    {
        while (true)
        {
            long ticket = Interlocked.Increment(ref _ticket) - 1;
            long part = ticket & PartMask,
                parts = (ticket >> PartBits) & PartMask;
            if (part >= parts)
                return;
            try
            {
                _work!.Execute((int)part, worker);
            }
            catch (Exception e)
            {
                // Reported by Run, on the thread that asked for the work.
                Interlocked.CompareExchange(ref _failure, e, null);
            }
            Interlocked.Increment(ref _completed);
        }
    }

    private void WorkUntilDisposed(int worker)
    {
        long seen = 0;
        while (!_disposed)
        {
            seen = AwaitGeneration(seen);
            ClaimParts(worker);
        }
    }

    private long AwaitGeneration(long seen)
    {
        for (int i = 0; i < SpinsBeforeSleep; i++)
        {
            long generation = Volatile.Read(ref _ticket) >> (2 * PartBits);
            if (generation != seen)
                return generation;
            Thread.SpinWait(1);
        }
        Interlocked.Increment(ref _sleeping);
        if (Volatile.Read(ref _ticket) >> (2 * PartBits) == seen && !_disposed)
            _wake.Wait();
        Interlocked.Decrement(ref _sleeping);
        return Volatile.Read(ref _ticket) >> (2 * PartBits);
    }
}
