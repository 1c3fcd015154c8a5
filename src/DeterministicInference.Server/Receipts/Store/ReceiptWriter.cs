using System.Diagnostics;
using DeterministicInference.Server.Native;
using DeterministicInference.Server.Receipts.Signing;
using Microsoft.Data.Sqlite;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// The only thread that writes. It commits all queued writes in one transaction and then completes their waiters: under
/// load many receipts share one sync of the disk, and without load none waits for others.
/// </summary>
internal sealed class ReceiptWriter : IAsyncDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PruneInterval = TimeSpan.FromHours(1);

    /// <summary>
    /// Delays of the checkpoint file, which costs several syncs of its own that would delay the next receipt: it is
    /// written in the first pause between commits of the first length, or after the second time without one.
    /// </summary>
    private static readonly TimeSpan PublishPause = TimeSpan.FromMilliseconds(50),
        PublishInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// A commit waits for more where so many wait already: its sync, its signature and the change of threads cost the
    /// same for any number. One or a few are stored at once, and so is a group that shares them well already.
    /// </summary>
    private const int Crowd = 4,
        FullGroup = 64;

    private static readonly TimeSpan CrowdPause = TimeSpan.FromMilliseconds(5);

    /// <summary>Waiters that go on one after the other; limited so that none waits long for the others.</summary>
    private const int ReleasedAtOnce = 16;

    private readonly ReceiptDirectory _folder;
    private readonly ReceiptLog _log;
    private readonly ReceiptRetention _retention;
    private readonly WriteQueue _queue;
    private readonly ProblemState _storing,
        _publishing;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer? _hourly;
    private readonly string _slow;
    private bool _isLost,
        _isPublishDue;
    private long _published;
    private long _commits;

    public ReceiptWriter(
        ReceiptDirectory folder,
        ReceiptLog log,
        ReceiptRetention retention,
        ReceiptStoreSettings settings,
        TimeProvider clock,
        ILogger logger
    )
    {
        (_folder, _log, _retention) = (folder, log, retention);
        _queue = new WriteQueue(settings.QueueCapacity);
        _slow = settings.SignerCommand.Count > 0 ? "the disk or the signer command" : "the disk";
        _storing = new ProblemState("Storing receipts", logger);
        _publishing = new ProblemState("Writing the checkpoint file", logger);
        if (_retention.IsDue)
            _hourly = clock.CreateTimer(_ => Prune(), null, PruneInterval, PruneInterval);
        new Thread(Run) { IsBackground = true, Name = "receipts" }.Start();
    }

    /// <summary>What works at present. Any thread may read it.</summary>
    public StoreState State
    {
        get
        {
            string? storing = _storing.Problem;
            return new StoreState(storing is null, storing ?? _publishing.Problem);
        }
    }

    /// <summary>See <see cref="ReceiptDirectory.IsInPlace"/>. Any thread may read it.</summary>
    public bool IsInPlace => _folder.IsInPlace;

    /// <summary>Number of commits so far. Any thread may read it.</summary>
    public long Commits => Volatile.Read(ref _commits);

    /// <returns>False if the queue is full or closed; the write will not be stored.</returns>
    public bool TryAdd(PendingWrite write)
    {
        bool? isAdded = _queue.TryAdd(write);
        if (isAdded is false)
            Report($"{_queue.Capacity} receipts are waiting for the disk");
        return isAdded is true;
    }

    /// <summary>Reports that a waiter has given up.</summary>
    public void ReportSlow(TimeSpan limit) => Report($"{_slow} has taken longer than {limit.TotalSeconds:0.###} s");

    /// <summary>
    /// A problem that another thread sees. The writer may just have stored everything and wait for writes, which don't
    /// come where answers are refused meanwhile: an empty one makes it try.
    /// </summary>
    private void Report(string problem)
    {
        if (_storing.Report(problem))
            Wake();
    }

    /// <summary>A full queue keeps the thread awake.</summary>
    private void Wake() => _queue.TryAdd(new EmptyWrite());

    /// <summary>Stores queued writes, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_hourly is not null)
            await _hourly.DisposeAsync();
        _queue.Close();
        await _ended.Task;
        _queue.Dispose();
    }

    private void Prune()
    {
        _retention.SetDue();
        Wake();
    }

    private void Run()
    {
        Publish();
        var group = new List<PendingWrite>();
        while (!_queue.IsCompleted)
        {
            group.Clear();
            // While writes fail, the writer retries even if no new write arrives.
            TimeSpan wait =
                _retention.IsDue ? TimeSpan.Zero
                : _isPublishDue ? PublishPause
                : State.Problem is null || _isLost ? Timeout.InfiniteTimeSpan
                : RetryInterval;
            _queue.TakeAll(group, wait);
            if (group.Count is >= Crowd and < FullGroup)
            {
                _queue.Gather(CrowdPause);
                _queue.TakeAll(group, TimeSpan.Zero);
            }
            // Waiters that gave up have reported that there is no receipt.
            group.RemoveAll(write => write is EmptyWrite || write.Done.IsCompleted);
            bool isPause = group.Count == 0;
            if (!isPause || (_storing.Problem is not null && !_isPublishDue))
                Commit(group);
            _isPublishDue |= isPause && !_retention.IsDue && _publishing.Problem is not null;
            if (_isPublishDue && (isPause || Stopwatch.GetElapsedTime(_published) >= PublishInterval))
                Publish();
            if (_retention.IsDue)
                PruneSome();
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
                _log.Commit(group, () => _folder.IsInPlace);
                Volatile.Write(ref _commits, _commits + 1);
            }
        }
        catch (Exception e)
        {
            // Any exception: waiters must be told, and the thread continues.
            problem = Describe(e);
            _isLost = e is InvalidDataException;
        }
        // Before waiters see how it went, so that they find the reason of a failure, and none after a success.
        if (problem is not null)
            _storing.Report(problem);
        // A queue that is still crowded would be full again at once.
        else if (!_isLost && _queue.Count <= _queue.Capacity / 2)
            _storing.Clear();
        Release(group, isStored: problem is null && !_isLost);
        if (problem is null && !_isLost)
            _isPublishDue |= _log.Size != size || _publishing.Problem is not null;
    }

    /// <summary>
    /// Lets the waiters go on, some of them one after the other on one thread of the pool: waking a thread for each
    /// costs more than what most of them do.
    /// </summary>
    private static void Release(List<PendingWrite> group, bool isStored)
    {
        foreach (PendingWrite[] chunk in group.Chunk(ReleasedAtOnce))
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static released =>
                {
                    foreach (PendingWrite write in released.Chunk)
                    {
                        if (released.IsStored && !write.IsRejected)
                            write.Succeed();
                        else
                            write.Fail();
                    }
                },
                (Chunk: chunk, IsStored: isStored),
                preferLocal: false
            );
        }
    }

    private static string Lost(string why) => $"{why}; restart the server";

    private static string Describe(Exception error) =>
        error switch
        {
            SqliteException sqlite => SqliteProblem.Describe(sqlite),
            InvalidDataException => Lost(error.Message),
            SignerException => error.Message,
            _ => $"unexpected {error.GetType().Name}",
        };

    private void Publish()
    {
        (_isPublishDue, _published) = (false, Stopwatch.GetTimestamp());
        if (!_isLost && !_folder.IsInPlace)
        {
            _isLost = true;
            _storing.Report(Lost(ReceiptDirectory.Gone));
        }
        // A folder that was replaced has another log.
        if (_isLost)
            return;
        try
        {
            _log.Publish();
            _publishing.Clear();
        }
        catch (Exception e) when (WriteFailure.Is(e))
        {
            _publishing.Report("the folder can't be written");
        }
    }

    private void PruneSome()
    {
        try
        {
            _retention.DeleteSome();
        }
        catch (SqliteException e)
        {
            _retention.Postpone();
            _storing.Report(Describe(e));
        }
    }

    private void Finish()
    {
        Publish();
        try
        {
            _log.Receipts.Compact();
        }
        catch (SqliteException)
        {
            // Committed data is in the write-ahead log; the next start reads it from there.
        }
    }

    /// <summary>Wakes the thread, and is part of no commit: a commit of nothing would succeed on a full disk.</summary>
    private sealed class EmptyWrite : PendingWrite
    {
        public override bool Write(LogRows rows) => true;
    }
}
