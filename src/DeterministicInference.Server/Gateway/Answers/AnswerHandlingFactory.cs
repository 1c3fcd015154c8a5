using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;
using DeterministicInference.Server.Receipts.Issuing;
using DeterministicInference.Server.Receipts.Store;

namespace DeterministicInference.Server.Gateway.Answers;

/// <summary>Creates the handling of a request's answer.</summary>
/// <param name="options">Settings.</param>
/// <param name="rules">How the engine's answers differ from the API's.</param>
/// <param name="environments">The environments in which answers are computed.</param>
/// <param name="issuer">Issues receipts; null where receipts are off.</param>
internal sealed class AnswerHandlingFactory(
    ServeOptions options,
    AnswerRules rules,
    EnvironmentRegistry environments,
    ReceiptIssuer? issuer
)
{
    /// <param name="request">The request as the client sent it.</param>
    /// <param name="pinned">The request as the engine gets it.</param>
    /// <param name="owner">Whose the answer's receipt is, as <see cref="ReceiptOwners"/> says; null for nobody.</param>
    /// <exception cref="OpenAIException">
    /// 400: the request has no canonical form, which its receipt would bind.
    /// </exception>
    public AnswerHandling Create(CheckedRequest request, PinnedRequest pinned, byte[]? owner)
    {
        AnswerDelivery delivery = pinned.IsStream ? AnswerDelivery.Sse : AnswerDelivery.Json;
        bool isBound = issuer is not null || options.StableEnvelope;
        Sha256Value digest = isBound ? Digest(request) : default;
        StableIds? ids = options.StableEnvelope ? new StableIds(digest, pinned.Pins, request.Route) : null;
        // The environment is fixed here: an answer that began in one environment never names another.
        ReceiptBuilder? receipt = issuer is null
            ? null
            : new ReceiptBuilder(
                issuer,
                new SealedRequest(
                    request.Route.Path(),
                    digest,
                    pinned.Pins,
                    delivery,
                    pinned.WantsLogprobs,
                    pinned.ChoicesPerPrompt,
                    environments.Current
                        ?? throw new InvalidOperationException("A request was taken before the environment was known."),
                    pinned.ModelName,
                    pinned.IsMainModel,
                    owner
                )
            );
        return new AnswerHandling(
            delivery,
            new AnswerRewriter(rules, request.Route, pinned.HidesTokenIds, ids, !pinned.WantsNoAlternatives),
            receipt
        );
    }

    private static Sha256Value Digest(CheckedRequest request)
    {
        try
        {
            return CanonicalRequest.Digest(request.Route.Path(), request.Body.Root);
        }
        catch (CanonicalFormException e)
        {
            string name = e.Place.TrimStart('.');
            throw OpenAIException.Invalid(
                $"The request has no canonical form, which a receipt needs: {e.Message}",
                name.Length == 0 ? null : name,
                "no_canonical_form"
            );
        }
    }
}
