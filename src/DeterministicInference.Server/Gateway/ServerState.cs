using DeterministicInference.Server.Receipts.Store;
using DeterministicInference.Server.Receipts.Witnesses;
using DeterministicInference.Server.Supervision;

namespace DeterministicInference.Server.Gateway;

/// <summary>
/// What decides whether requests are accepted, read once for each answer, so that its status and its text agree.
/// </summary>
/// <param name="Engine">State of the engine.</param>
/// <param name="Receipts">State of the store of receipts; null where receipts are off.</param>
/// <param name="Witnesses">What the witnesses of the log do; null where no policy is set.</param>
internal sealed record ServerState(EngineState Engine, StoreState? Receipts, WitnessesState? Witnesses);
