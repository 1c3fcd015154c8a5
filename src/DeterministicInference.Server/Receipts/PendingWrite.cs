namespace DeterministicInference.Server.Receipts;

/// <summary>Something that waits for the writer. It is done once, by whoever comes first: the writer, or the waiter who gives up.</summary>
internal abstract class PendingWrite
{
    /// <summary>Continuations never run on the writer's thread.</summary>
    private readonly TaskCompletionSource<bool> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True once it is on disk, false if it will not be.</summary>
    public Task<bool> Done => _done.Task;

    /// <summary>Adds the rows to the transaction.</summary>
    /// <returns>False if they can't be stored, which does not concern the rest of the transaction.</returns>
    public abstract bool Write(LogTransaction transaction);

    /// <summary>To be called after the commit.</summary>
    public void Succeed() => _done.TrySetResult(true);

    /// <summary>To be called when it is certain, or good enough to say, that it is not stored.</summary>
    public void Fail() => _done.TrySetResult(false);
}
