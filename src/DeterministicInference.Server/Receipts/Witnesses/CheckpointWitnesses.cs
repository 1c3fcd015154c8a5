using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>
/// Has the log that is continued cosigned, and the last checkpoint of each log that has ended. Thread-safe.
/// </summary>
internal sealed class CheckpointWitnesses : IAsyncDisposable
{
    private readonly ReceiptStore _store;
    private readonly WitnessSettings _settings;
    private readonly LogWitnesses _continued;
    private readonly IReadOnlyDictionary<string, ClosedLogWitnesses> _closed;

    private CheckpointWitnesses(
        ReceiptStore store,
        WitnessSettings settings,
        LogWitnesses continued,
        IReadOnlyDictionary<string, ClosedLogWitnesses> closed
    ) => (_store, _settings, _continued, _closed) = (store, settings, continued, closed);

    /// <summary>Whether answers wait for a quorum.</summary>
    public bool Waits => _settings.Waits;

    /// <inheritdoc cref="LogWitnesses.Current"/>
    public CosignedCheckpoint? Current => _continued.Current;

    /// <summary>What works at present, for the log that is continued, and what is wrong with the others.</summary>
    public WitnessesState State
    {
        get
        {
            WitnessesState state = _continued.State;
            return state with
            {
                Problem =
                    state.Problem ?? _closed.Values.Select(log => log.Problem).FirstOrDefault(why => why is not null),
            };
        }
    }

    /// <summary>Begins with the newest checkpoint, and with the last ones that have no quorum.</summary>
    /// <param name="store">The store, which outlives this.</param>
    /// <param name="settings">Settings without problems.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Logger of changes.</param>
    /// <exception cref="ReceiptStoreException">
    /// The policy does not know the log, or a stored cosigned checkpoint does not fit its log. The message contains the
    /// remedy.
    /// </exception>
    public static async Task<CheckpointWitnesses> OpenAsync(
        ReceiptStore store,
        WitnessSettings settings,
        TimeProvider time,
        ILogger logger
    )
    {
        if (!settings.Policy.Accepts(store.LogKey))
        {
            throw new ReceiptStoreException(
                $"--witness-policy: the policy lists logs, and not this one. Add 'log {store.LogKey}' to it, or leave "
                    + "its log lines out."
            );
        }
        var log = OwnLog.Of(store);
        CosignedCheckpoint? stored = await new CosignedCheckpointFile(log).ReadAsync(settings.Policy);
        var ended = new List<(ClosedLog Log, CosignedCheckpoint? Stored)>();
        foreach (ClosedLog closed in store.ClosedLogs)
        {
            var file = new CosignedCheckpointFile(OwnLog.Of(store, closed));
            ended.Add((closed, await file.ReadAsync(settings.Policy)));
        }
        // Nothing fails any more.
        return new CheckpointWitnesses(
            store,
            settings,
            new LogWitnesses(log, stored, settings, time, logger),
            ended.ToDictionary(
                one => one.Log.State.Key.Name,
                one => ClosedLogWitnesses.Begin(store, one.Log, one.Stored, settings, time, logger),
                StringComparer.Ordinal
            )
        );
    }

    /// <summary>
    /// The newest checkpoint with a quorum that covers a receipt, also of a log that has ended; null if none does.
    /// </summary>
    public CosignedCheckpoint? Covering(StoredReceipt receipt)
    {
        CosignedCheckpoint? cosigned =
            receipt.Origin == _store.LogKey.Name ? Current : _closed.GetValueOrDefault(receipt.Origin)?.Valid;
        return cosigned?.Covers(receipt.Index) == true ? cosigned : null;
    }

    /// <summary>The last checkpoint of a log that has ended, if it has a quorum.</summary>
    public CosignedCheckpoint? LastOf(NoteKey log) => _closed.GetValueOrDefault(log.Name)?.Last;

    /// <summary>Says that the log has grown.</summary>
    public void Announce() => _continued.Announce();

    /// <inheritdoc cref="LogWitnesses.ProveAsync"/>
    public Task<TlogProof?> ProveAsync(TlogProof proof, Sha256Value leaf, CancellationToken cancellation) =>
        _continued.ProveAsync(proof, leaf, cancellation);

    public async ValueTask DisposeAsync()
    {
        foreach (ClosedLogWitnesses closed in _closed.Values)
            await closed.DisposeAsync();
        await _continued.DisposeAsync();
    }
}
