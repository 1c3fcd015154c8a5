namespace DeterministicInference.Server.Receipts;

/// <summary>What is known about an id.</summary>
/// <param name="Receipt">Null if there is none, or none any more.</param>
/// <param name="IsPruned">There was one; retention has deleted it.</param>
internal readonly record struct ReceiptLookup(StoredReceipt? Receipt, bool IsPruned);
