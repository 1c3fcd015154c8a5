namespace DeterministicInference.Server.Receipts;

/// <summary>A receipt on its way into the log.</summary>
internal sealed class PendingReceipt(NewReceipt receipt) : PendingWrite
{
    /// <summary>Of its entry; meaningful once it is done.</summary>
    public long Index { get; private set; }

    public override bool Write(LogTransaction transaction)
    {
        if (transaction.Append(receipt) is not { } index) return false;
        Index = index;
        return true;
    }
}
