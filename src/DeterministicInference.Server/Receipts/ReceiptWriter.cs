using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts;

/// <summary>
/// The only thread that writes. It takes all that is queued, commits it in one transaction and only then tells those who wait: under load many
/// receipts share a sync of the disk, and without load none waits for others.
/// </summary>
internal sealed class ReceiptWriter : IAsyncDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    /// <summary>
    /// The checkpoint's file costs several syncs of its own, behind which the next receipt would have to wait: it is written in the first pause
    /// between commits, or after the second time where there is none.
    /// </summary>
    private static readonly TimeSpan PublishPause = TimeSpan.FromMilliseconds(50), PublishInterval = TimeSpan.FromSeconds(1);

    /// <summary>Receipts deleted in one transaction: those that are to be stored don't wait long behind it.</summary>
    private const int PruneBatch = 500;

    private readonly ReceiptLog _log;
    private readonly CheckpointFile _file;
    private readonly TimeSpan _retention;
    private readonly TimeProvider _clock;
    private readonly BlockingCollection<PendingWrite> _queue;
    private readonly ProblemState _storing, _publishing;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer? _hourly;
    private volatile bool _isPruneDue;
    private bool _isLost, _isPublishDue;
    private long _published;
    private long _commits;

    public ReceiptWriter(ReceiptLog log, CheckpointFile file, ReceiptStoreSettings settings, TimeProvider clock, ILogger logger)
    {
        (_log, _file, _retention, _clock) = (log, file, settings.Retention, clock);
        _queue = new BlockingCollection<PendingWrite>(settings.QueueCapacity);
        _storing = new ProblemState("Storing receipts", logger);
        _publishing = new ProblemState("Writing the checkpoint file", logger);
        _isPruneDue = _retention != Timeout.InfiniteTimeSpan;
        if (_isPruneDue) _hourly = clock.CreateTimer(_ => Prune(), null, PruneInterval, PruneInterval);
        new Thread(Run) { IsBackground = true, Name = "receipts" }.Start();
    }

    /// <summary>Why receipts are not stored, or null. May be read by any thread.</summary>
    public string? Problem => _storing.Problem ?? _publishing.Problem;

    /// <summary>Commits so far. May be read by any thread.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <returns>False if the queue is full or closed: nothing will come of it.</returns>
    public bool TryAdd(PendingWrite write)
    {
        try
        {
            if (_queue.TryAdd(write)) return true;
        }
        catch (InvalidOperationException)
        {
            // Closed.
            return false;
        }
        _storing.Report($"{_queue.BoundedCapacity} receipts are waiting for the disk");
        return false;
    }

    /// <summary>A waiter has given up.</summary>
    public void ReportSlow(TimeSpan limit) => _storing.Report($"the disk has taken longer than {limit.TotalSeconds:0.###} s");

    /// <summary>Stores what is queued, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_hourly is not null) await _hourly.DisposeAsync();
        _queue.CompleteAdding();
        await _ended.Task;
        _queue.Dispose();
    }

    /// <summary>A write of nothing wakes the thread.</summary>
    private void Prune()
    {
        _isPruneDue = true;
        TryAdd(new Wake());
    }

    private void Run()
    {
        Publish();
        var group = new List<PendingWrite>();
        while (!_queue.IsCompleted)
        {
            group.Clear();
            // While the store is failing nobody may come any more, so it is tried without them.
            TimeSpan wait = _isPruneDue ? TimeSpan.Zero : _isPublishDue ? PublishPause : _storing.Problem is null || _isLost ? Timeout.InfiniteTimeSpan : RetryInterval;
            if (_queue.TryTake(out PendingWrite? first, wait)) group.Add(first);
            while (group.Count > 0 && _queue.TryTake(out PendingWrite? next)) group.Add(next);
            // Those who have given up were told that there is no receipt.
            group.RemoveAll(write => write.Done.IsCompleted);
            bool isPause = group.Count == 0;
            if (!isPause || (_storing.Problem is not null && !_isPublishDue)) Commit(group);
            if (_isPublishDue && (isPause || Stopwatch.GetElapsedTime(_published) >= PublishInterval)) Publish();
            if (_isPruneDue) PruneSome();
        }
        Finish();
        _ended.SetResult();
    }

    private void Commit(List<PendingWrite> group)
    {
        string? problem = null;
        long size = _log.Size;
        try
        {
            if (!_isLost)
            {
                _log.Commit(group);
                Volatile.Write(ref _commits, _commits + 1);
            }
        }
        catch (Exception e)
        {
            // Whatever it is: those who wait must hear of it, and the thread goes on.
            problem = Describe(e);
            _isLost = e is InvalidDataException;
        }
        // Before anybody hears of a failure, so that who does finds the reason.
        if (problem is not null) _storing.Report(problem);
        foreach (PendingWrite write in group)
        {
            if (problem is null && !_isLost) write.Succeed();
            else write.Fail();
        }
        if (problem is null && !_isLost)
        {
            // A queue that is still crowded would fill again at once.
            if (_queue.Count <= _queue.BoundedCapacity / 2) _storing.Clear();
            _isPublishDue |= _log.Size != size || _publishing.Problem is not null;
        }
    }

    private static string Describe(Exception error) => error switch
    {
        SqliteException sqlite => SqliteProblem.Describe(sqlite),
        InvalidDataException => $"{error.Message}; the server must be started again",
        _ => $"unexpected {error.GetType().Name}",
    };

    private void Publish()
    {
        (_isPublishDue, _published) = (false, Stopwatch.GetTimestamp());
        try
        {
            _file.Write(_log.Note);
            _publishing.Clear();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _publishing.Report("the folder can't be written");
        }
    }

    private void PruneSome()
    {
        try
        {
            _isPruneDue = _log.Prune(_clock.GetUtcNow() - _retention, PruneBatch) == PruneBatch;
            if (!_isPruneDue) _log.Compact();
        }
        catch (SqliteException e)
        {
            _isPruneDue = false;
            _storing.Report(Describe(e));
        }
    }

    private void Finish()
    {
        Publish();
        try
        {
            _log.Compact();
        }
        catch (SqliteException)
        {
            // What is committed stands in the write-ahead log; the next start takes it up from there.
        }
    }

    private sealed class Wake : PendingWrite
    {
        public override bool Write(LogTransaction transaction) => true;
    }
}
