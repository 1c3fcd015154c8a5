namespace DeterministicInference.Server.Receipts.Store;

/// <summary>What a store of receipts can do at one moment.</summary>
/// <param name="CanStore">Whether receipts can be stored. The store tries by itself, without a new receipt.</param>
/// <param name="Problem">
/// Why receipts, or the file of their checkpoint, can't be written, or receipts can't be read or proved; null if all
/// can.
/// </param>
internal sealed record StoreState(bool CanStore, string? Problem);
