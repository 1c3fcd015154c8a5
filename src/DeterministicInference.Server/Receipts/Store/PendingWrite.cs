using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>A queued write. It completes once: by the writer, or by a waiter that gives up.</summary>
internal abstract class PendingWrite
{
    /// <summary>
    /// Its continuations run where it is completed: never on the writer's thread, which hands a whole group to the
    /// thread pool at once.
    /// </summary>
    private readonly TaskCompletionSource<bool> _done = new();

    /// <summary>True once it is on disk, false if it will not be.</summary>
    public Task<bool> Done => _done.Task;

    /// <summary>Whether the log has not taken its rows, although it took others of the same commit.</summary>
    public bool IsRejected { get; private set; }

    public void Reject() => IsRejected = true;

    /// <summary>Adds the rows to the transaction.</summary>
    /// <returns>False if the rows can't be stored, which does not affect the rest of the transaction.</returns>
    public abstract bool Write(LogRows rows);

    /// <summary>Takes what proves it, after the commit and on the writer's thread.</summary>
    /// <param name="tree">With the entries of the commit.</param>
    /// <param name="checkpoint">The signed note that covers them.</param>
    public virtual void Prove(MerkleTree tree, string checkpoint) { }

    /// <summary>Called after the commit, on the thread pool.</summary>
    public void Succeed() => _done.TrySetResult(true);

    /// <summary>Called after a failed commit, or when a waiter gives up.</summary>
    public void Fail() => _done.TrySetResult(false);
}
