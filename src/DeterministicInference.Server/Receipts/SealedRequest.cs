using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Server.Receipts;

/// <summary>What a receipt says of the request, which is known before the answer begins.</summary>
/// <param name="Path">The route that serves it.</param>
/// <param name="Digest">Of the canonical request.</param>
/// <param name="Pins">What was set in it.</param>
/// <param name="Delivery">How the answer was asked for.</param>
/// <param name="WantsLogprobs">Whether log-probabilities were asked for.</param>
/// <param name="ChoicesPerPrompt">The request's <c>n</c>.</param>
/// <param name="Environment">Where the answer is computed.</param>
internal sealed record SealedRequest(
    string Path, Sha256Value Digest, RequestPins Pins, AnswerDelivery Delivery, bool WantsLogprobs, int ChoicesPerPrompt, InferenceEnvironment Environment);
