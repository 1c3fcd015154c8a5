namespace DeterministicInference.Server.Receipts.Store;

/// <summary>A receipt that waits to be stored.</summary>
internal sealed class PendingReceipt(NewReceipt receipt) : PendingWrite
{
    /// <summary>Index of the receipt's entry; valid once the write is done.</summary>
    public long Index { get; private set; }

    public override bool Write(LogTransaction transaction)
    {
        if (transaction.Append(receipt) is not { } index)
            return false;
        Index = index;
        return true;
    }
}
