using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>
/// Cosigned checkpoints of a log that has ended. Its last one is sent to witnesses after each start, until it has a
/// quorum: no more is needed, whatever becomes of the witnesses.
/// </summary>
internal sealed class ClosedLogWitnesses : IAsyncDisposable
{
    private readonly ClosedLog _log;
    private readonly CosignedCheckpoint? _stored;
    private readonly LogWitnesses? _witnesses;

    private ClosedLogWitnesses(ClosedLog log, CosignedCheckpoint? stored, LogWitnesses? witnesses) =>
        (_log, _stored, _witnesses) = (log, stored, witnesses);

    /// <summary>The last checkpoint of the log with a quorum; null if it has none.</summary>
    public CosignedCheckpoint? Last => Newest is { } newest && IsLast(newest) ? newest : null;

    /// <summary>
    /// What proves its receipts: the newest checkpoint with a quorum, or of a revoked key only the last; null if there
    /// is none.
    /// </summary>
    public CosignedCheckpoint? Valid => _log.Revocation is null ? Newest : Last;

    /// <summary>
    /// Why receipts that had a quorum have none at present, or why one that came can't be stored; null where nothing is
    /// wrong.
    /// </summary>
    public string? Problem =>
        _witnesses?.StoringProblem is { } why ? $"the log {_log.State.Key.Name}: {why}"
        : _stored is null || Valid is not null ? null
        : $"no receipt of the log {_log.State.Key.Name} is witnessed: its key was revoked, and its last checkpoint "
            + (
                _witnesses is null
                    ? "is sent to no witness, as the policy lists logs, and not this one: add "
                        + $"'log {_log.State.Key}' to it"
                    : "has no quorum yet"
            );

    private CosignedCheckpoint? Newest => _witnesses?.Current ?? _stored;

    /// <param name="store">The store, which outlives this.</param>
    /// <param name="log">The log.</param>
    /// <param name="stored">What is stored: <see cref="CosignedCheckpointFile.ReadAsync"/>.</param>
    /// <param name="settings">Settings without problems.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logger of changes.</param>
    public static ClosedLogWitnesses Begin(
        ReceiptStore store,
        ClosedLog log,
        CosignedCheckpoint? stored,
        WitnessSettings settings,
        TimeProvider time,
        ILogger logger
    )
    {
        var known = new ClosedLogWitnesses(log, stored, witnesses: null);
        return known.Last is not null || !settings.Policy.Accepts(log.State.Key)
            ? known
            : new ClosedLogWitnesses(
                log,
                stored,
                new LogWitnesses(
                    OwnLog.Of(store, log),
                    stored,
                    settings with
                    {
                        Waits = false,
                        RetryDelayMax = settings.ClosedRetryDelayMax,
                    },
                    time,
                    logger
                )
            );
    }

    public ValueTask DisposeAsync() => _witnesses?.DisposeAsync() ?? ValueTask.CompletedTask;

    private bool IsLast(CosignedCheckpoint cosigned) => cosigned.Checkpoint.Size == _log.State.Checkpoint.Size;
}
