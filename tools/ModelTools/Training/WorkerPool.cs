using System.Runtime.ExceptionServices;

namespace DeterministicInference.ModelTools.Training;

/// <summary>
/// Threads that live as long as the trainer and share out the items of one phase after another; the calling thread is
/// worker 0. Which worker takes an item is left to chance, so an item must not depend on it.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim[] _start;
    private readonly CountdownEvent _done = new(1);
    private Action<int, int> _work = (_, _) => { };
    private int _items;
    private int _next;
    private ExceptionDispatchInfo? _failure;
    private bool _stopping;

    public WorkerPool(int workers)
    {
        Workers = Math.Max(workers, 1);
        _threads = new Thread[Workers - 1];
        _start = new SemaphoreSlim[Workers - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _start[i] = new SemaphoreSlim(0);
            _threads[i] = new Thread(() => Loop(worker)) { IsBackground = true, Name = $"worker {worker}" };
            _threads[i].Start();
        }
    }

    public int Workers { get; }

    /// <summary>Calls work(worker, item) for all items and returns when all are done.</summary>
    public void Run(int items, Action<int, int> work)
    {
        _work = work;
        _items = items;
        _next = 0;
        _done.Reset(Workers);
        foreach (SemaphoreSlim start in _start)
            start.Release();
        TakeItems(0);
        _done.Wait();
        ExceptionDispatchInfo? failure = _failure;
        _failure = null;
        failure?.Throw();
    }

    public void Dispose()
    {
        _stopping = true;
        foreach (SemaphoreSlim start in _start)
            start.Release();
        foreach (Thread thread in _threads)
            thread.Join();
        foreach (SemaphoreSlim start in _start)
            start.Dispose();
        _done.Dispose();
    }

    private void Loop(int worker)
    {
        while (true)
        {
            _start[worker - 1].Wait();
            if (_stopping)
                return;
            TakeItems(worker);
        }
    }

    private void TakeItems(int worker)
    {
        try
        {
            for (
                int item = Interlocked.Increment(ref _next) - 1;
                item < _items;
                item = Interlocked.Increment(ref _next) - 1
            )
            {
                _work(worker, item);
            }
        }
#pragma warning disable CA1031 // Rethrown on the calling thread.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _failure ??= ExceptionDispatchInfo.Capture(exception);
        }
        finally
        {
            _done.Signal();
        }
    }
}
