using DeterministicInference.Receipts.Statements;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// Deletes receipts that have become too old, in steps between commits that are short enough for no commit to wait. For
/// the writer's thread, but for <see cref="SetDue"/>.
/// </summary>
/// <param name="logs">The receipts of each log.</param>
/// <param name="age">Age at which receipts are deleted; <see cref="Timeout.InfiniteTimeSpan"/> keeps all.</param>
/// <param name="clock">The clock.</param>
/// <param name="logger">Logger for what is deleted.</param>
internal sealed partial class ReceiptRetention(
    IReadOnlyList<ReceiptRows> logs,
    TimeSpan age,
    TimeProvider clock,
    ILogger logger
)
{
    /// <summary>Receipts deleted per transaction.</summary>
    private const int Step = 100;

    /// <summary>A clock that is further ahead than this would delete receipts that nobody meant.</summary>
    private static readonly TimeSpan Absurd = TimeSpan.FromDays(366);

    private volatile bool _isDue = age != Timeout.InfiniteTimeSpan;
    private (DateTimeOffset Time, long Timestamp)? _trusted;
    private long _deleted;

    /// <summary>Whether there may be receipts to delete.</summary>
    public bool IsDue => _isDue;

    /// <summary>Has them looked for again.</summary>
    public void SetDue() => _isDue = true;

    /// <summary>Leaves the rest until they are looked for again.</summary>
    public void Postpone() => _isDue = false;

    /// <summary>Deletes some of them, if there are any.</summary>
    /// <exception cref="Microsoft.Data.Sqlite.SqliteException">They could not be deleted.</exception>
    public void DeleteSome()
    {
        DateTimeOffset now = clock.GetUtcNow();
        if (!Trusts(now))
        {
            _isDue = false;
            return;
        }
        foreach (ReceiptRows rows in logs)
        {
            int deleted = rows.Delete(now - age, Step);
            _deleted += deleted;
            if (deleted == Step)
                return;
        }
        _isDue = false;
        if (_deleted == 0)
            return;
        // Only then does no file contain them any more.
        bool isGone = true;
        foreach (ReceiptRows rows in logs)
            isGone &= rows.Compact();
        // A reader is in the way: the next look tries again.
        if (!isGone)
            return;
        Deleted(logger, _deleted, StatementNames.Of(now - age));
        _deleted = 0;
    }

    /// <summary>
    /// Whether the clock is where it can be: not a year after the newest receipt at the start, and later not a year
    /// ahead of the time that has passed. Once it is not, nothing is deleted before the next start.
    /// </summary>
    private bool Trusts(DateTimeOffset now)
    {
        (DateTimeOffset time, long timestamp) =
            _trusted ?? (logs.Max(rows => rows.Newest()) ?? now, clock.GetTimestamp());
        bool isTrusted = now - time - clock.GetElapsedTime(timestamp) <= Absurd;
        if (isTrusted)
            _trusted = (now, clock.GetTimestamp());
        else
        {
            _trusted = (time, timestamp);
            Refused(logger, StatementNames.Of(now), StatementNames.Of(time));
        }
        return isTrusted;
    }

    [LoggerMessage(
        LogLevel.Information,
        "{Count} receipts were deleted with their salts: those before {Time}. Their entries stay in the log"
    )]
    private static partial void Deleted(ILogger logger, long count, string time);

    [LoggerMessage(
        LogLevel.Warning,
        "No receipt is deleted: the clock says {Now}, more than a year after {Last}. Set it right, or restart the "
            + "server twice if it is"
    )]
    private static partial void Refused(ILogger logger, string now, string last);
}
