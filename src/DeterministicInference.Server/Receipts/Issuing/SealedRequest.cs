using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Environments;

namespace DeterministicInference.Server.Receipts.Issuing;

/// <summary>The part of a receipt about the request, known before the answer begins.</summary>
/// <param name="Path">The route that serves the request.</param>
/// <param name="Digest">Digest of the canonical request.</param>
/// <param name="Pins">Members that were set in the request.</param>
/// <param name="Delivery">Requested delivery of the answer.</param>
/// <param name="WantsLogprobs">Whether log-probabilities were requested.</param>
/// <param name="ChoicesPerPrompt">The request's <c>n</c>.</param>
/// <param name="Environment">Environment in which the answer is computed.</param>
/// <param name="ModelName">The engine's name of the model that answers; null if it lists none.</param>
/// <param name="IsMainModel">Whether that is the model whose files the environment measures.</param>
/// <param name="Owner">Whose the receipt is, which is stored with it and not sealed; null for nobody.</param>
internal sealed record SealedRequest(
    string Path,
    Sha256Value Digest,
    RequestPins Pins,
    AnswerDelivery Delivery,
    bool WantsLogprobs,
    int ChoicesPerPrompt,
    InferenceEnvironment Environment,
    string? ModelName,
    bool IsMainModel,
    byte[]? Owner
);
