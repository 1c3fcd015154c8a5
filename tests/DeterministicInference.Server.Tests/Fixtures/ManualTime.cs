using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>
/// A clock that only the test advances. It reports when a timer is set, so that the test advances it once something
/// waits.
/// </summary>
internal sealed class ManualTime : FakeTimeProvider
{
    private readonly Lock _lock = new();
    private ImmutableList<TimeSpan> _set = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes once a timer was set that is due after so long, now or since the clock was made.</summary>
    public async Task TimerAsync(TimeSpan due)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_set.Contains(due))
                    return;
                changed = _changed.Task;
            }
            await changed.Within();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        Note(dueTime);
        return new Timer(this, timer);
    }

    private void Note(TimeSpan due)
    {
        lock (_lock)
        {
            _set = _set.Add(due);
            _changed.TrySetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class Timer(ManualTime time, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            bool isChanged = timer.Change(dueTime, period);
            time.Note(dueTime);
            return isChanged;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
