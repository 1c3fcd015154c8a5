namespace DeterministicInference.Server.Receipts;

/// <summary>The store of receipts can't be opened. The message names what is wrong and the remedy.</summary>
internal sealed class ReceiptStoreException(string message) : IOException(message);
