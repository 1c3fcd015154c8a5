namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The result of looking up a receipt's id.</summary>
/// <param name="Receipt">The receipt; null if there is none, it was deleted, or it is another owner's.</param>
/// <param name="IsPruned">Whether retention has deleted the receipt, and it was this owner's.</param>
internal readonly record struct ReceiptLookup(StoredReceipt? Receipt, bool IsPruned = false)
{
    /// <summary>Whether there is or was such a receipt.</summary>
    public bool IsKnown => Receipt is not null || IsPruned;
}
