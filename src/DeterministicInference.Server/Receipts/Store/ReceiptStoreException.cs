namespace DeterministicInference.Server.Receipts.Store;

/// <summary>
/// The receipt store can't be opened or read. The message has the cause, and at the start the remedy.
/// </summary>
internal sealed class ReceiptStoreException(string message) : IOException(message);
