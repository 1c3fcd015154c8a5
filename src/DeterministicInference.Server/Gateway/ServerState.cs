using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Supervision;

namespace DeterministicInference.Server.Gateway;

/// <summary>The state of the server at one moment, so that one answer does not tell of two.</summary>
/// <param name="Engine">State of the engine.</param>
/// <param name="Receipts">State of the store of receipts; null where receipts are off.</param>
internal sealed record ServerState(EngineState Engine, StoreState? Receipts);
