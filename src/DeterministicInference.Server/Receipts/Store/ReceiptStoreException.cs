namespace DeterministicInference.Server.Receipts.Store;

/// <summary>The receipt store can't be opened. The message contains the cause and the remedy.</summary>
internal sealed class ReceiptStoreException(string message) : IOException(message);
