using DeterministicInference.Server.Supervision;

namespace DeterministicInference.Server.Gateway;

/// <summary>The state of the server at one moment, so that one answer does not tell of two.</summary>
/// <param name="Engine">State of the engine.</param>
/// <param name="StoresReceipts">Whether receipts can be stored; true where receipts are off.</param>
/// <param name="ReceiptProblem">What the store of receipts can't do at present, or null.</param>
internal sealed record ServerState(EngineState Engine, bool StoresReceipts, string? ReceiptProblem);
