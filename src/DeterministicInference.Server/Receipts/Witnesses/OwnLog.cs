using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Log;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Receipts.Witnesses;

/// <summary>A log of this server that others witness: the one that is continued, or one that has ended.</summary>
internal sealed class OwnLog
{
    private readonly ReceiptStore _store;
    private readonly Func<string> _checkpoint;

    private OwnLog(ReceiptStore store, NoteKey key, LogFolder folder, Func<string> checkpoint) =>
        (_store, Key, Folder, _checkpoint) = (store, key, folder, checkpoint);

    /// <summary>Its name and key.</summary>
    public NoteKey Key { get; }

    /// <summary>Its folder.</summary>
    public LogFolder Folder { get; }

    /// <summary>Whether the folder is still the one that was opened.</summary>
    public bool IsInPlace => _store.IsInPlace;

    /// <summary>The newest checkpoint, as the log has signed it.</summary>
    public SignedNote Checkpoint => SignedNote.Parse(_checkpoint());

    /// <summary>The log that is continued.</summary>
    public static OwnLog Of(ReceiptStore store) => new(store, store.LogKey, store.LogFolder, () => store.Checkpoint);

    /// <summary>One that has ended.</summary>
    public static OwnLog Of(ReceiptStore store, ClosedLog log) =>
        new(store, log.State.Key, log.Archive.Folder, () => log.State.Note);

    /// <inheritdoc cref="MerkleProof.Inclusion"/>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<IReadOnlyList<Sha256Value>> InclusionAsync(long index, long size, CancellationToken cancellation) =>
        _store.TreeAsync(Key.Name, tiles => MerkleProof.Inclusion(index, size, tiles), cancellation);

    /// <inheritdoc cref="MerkleProof.Consistency"/>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<IReadOnlyList<Sha256Value>> ConsistencyAsync(long from, long to, CancellationToken cancellation) =>
        _store.TreeAsync(Key.Name, tiles => MerkleProof.Consistency(from, to, tiles), cancellation);

    /// <inheritdoc cref="MerkleProof.Root"/>
    /// <exception cref="ReceiptStoreException">The database can't be read at present.</exception>
    public Task<Sha256Value> RootAsync(long size, CancellationToken cancellation) =>
        _store.TreeAsync(Key.Name, tiles => MerkleProof.Root(size, tiles), cancellation);
}
