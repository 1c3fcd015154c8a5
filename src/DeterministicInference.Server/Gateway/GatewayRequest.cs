using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Gateway.Answers;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Gateway;

/// <summary>A request that was read, checked and pinned, as forwarding and relaying need it.</summary>
/// <param name="Route">The route that serves the request, which may differ from the route that received it.</param>
/// <param name="Pinned">The request as the engine gets it.</param>
/// <param name="Handling">Processes the answer.</param>
internal sealed record GatewayRequest(RequestRoute Route, PinnedRequest Pinned, AnswerHandling Handling);
