using DeterministicInference.Receipts.Log;

namespace DeterministicInference.Server.Receipts.Store;

/// <summary>What a log begins with.</summary>
/// <param name="Origin">Its name.</param>
/// <param name="Predecessor">The log that it follows; null if it follows none.</param>
internal sealed record NewLog(string Origin, LogPredecessor? Predecessor = null);
