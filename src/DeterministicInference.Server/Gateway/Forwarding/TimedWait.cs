using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// Waits for one operation at a time and for a timer meanwhile, so that one flow of control handles both. Neither an
/// operation nor a wait allocates, as an answer has thousands of them.
/// </summary>
internal sealed class TimedWait : IValueTaskSource<bool>, IDisposable
{
    private const int Completed = 1,
        Tick = 2,
        Waiting = 4;

    private readonly TimeProvider _time;
    private readonly Action _onCompleted;
    private ManualResetValueTaskSourceCore<bool> _source;
    private ITimer? _timer;

    /// <summary>Either <see cref="Waiting"/>, or the events that the waiter has not consumed yet.</summary>
    private int _state;

    /// <param name="time">The clock of the timer.</param>
    public TimedWait(TimeProvider time)
    {
        _time = time;
        _onCompleted = () => Signal(Completed);
    }

    /// <summary>Watches an operation that is not complete. The previous one must be complete.</summary>
    public void Watch<T>(T operation)
        where T : ICriticalNotifyCompletion => operation.UnsafeOnCompleted(_onCompleted);

    /// <summary>
    /// Sets the time after which the timer wakes the waiter once; <see cref="Timeout.InfiniteTimeSpan"/> stops the
    /// timer.
    /// </summary>
    public void SetTimer(TimeSpan after)
    {
        if (after == Timeout.InfiniteTimeSpan)
        {
            _timer?.Change(after, after);
            return;
        }
        // Timers have a resolution of whole milliseconds; rounding down would fire early and spin.
        after = TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(1, after.TotalMilliseconds)));
        _timer ??= _time.CreateTimer(
            static wait => ((TimedWait)wait!).Signal(Tick),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        _timer.Change(after, Timeout.InfiniteTimeSpan);
    }

    /// <summary>True once the operation is complete, false for the timer.</summary>
    public ValueTask<bool> WaitForOperationOrTimerAsync()
    {
        _source.Reset();
        while (true)
        {
            int state = Volatile.Read(ref _state);
            int next = (state & Completed) != 0 ? Completed : state & Tick;
            if (Interlocked.CompareExchange(ref _state, next == 0 ? Waiting : state & ~next, state) != state)
                continue;
            return next == 0 ? new ValueTask<bool>(this, _source.Version) : new ValueTask<bool>(next == Completed);
        }
    }

    public void Dispose() => _timer?.Dispose();

    bool IValueTaskSource<bool>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<bool>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<bool>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _source.OnCompleted(continuation, state, token, flags);

    private void Signal(int what)
    {
        while (true)
        {
            int state = Volatile.Read(ref _state);
            bool isAwaited = state == Waiting;
            if (Interlocked.CompareExchange(ref _state, isAwaited ? 0 : state | what, state) != state)
                continue;
            if (isAwaited)
                _source.SetResult(what == Completed);
            return;
        }
    }
}
