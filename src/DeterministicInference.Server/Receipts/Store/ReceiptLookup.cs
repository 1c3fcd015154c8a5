namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The result of looking up an id.</summary>
/// <param name="Receipt">The receipt; null if there is none, or more than one, or it was deleted.</param>
/// <param name="IsOwnId">
/// Whether the id is the receipt's own, which is random and known to those who got the answer. An engine chooses the
/// ids of its answers, so that others may guess them.
/// </param>
/// <param name="IsPruned">Whether retention has deleted the receipt.</param>
/// <param name="IsAmbiguous">Whether several answers have the id.</param>
internal readonly record struct ReceiptLookup(
    StoredReceipt? Receipt,
    bool IsOwnId = false,
    bool IsPruned = false,
    bool IsAmbiguous = false
);
