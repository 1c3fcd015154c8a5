using DeterministicInference.Receipts;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Output;
using DeterministicInference.Receipts.Tokens;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.Receipts;

namespace DeterministicInference.Server.Proxy;

/// <summary>Decides what happens to the answer of a request.</summary>
/// <param name="options">Settings.</param>
/// <param name="environments">Where answers are computed.</param>
/// <param name="issuer">Writes receipts; null where there are none.</param>
internal sealed class AnswerPlans(InferenceOptions options, EnvironmentRegistry environments, ReceiptIssuer? issuer)
{
    /// <param name="path">The route that serves the request.</param>
    /// <param name="body">The request as it came.</param>
    /// <param name="pinned">The request as it is sent.</param>
    /// <exception cref="OpenAIException">400: the request has no canonical form, so that nothing could be said of it.</exception>
    public AnswerPlan Create(string path, ReadOnlySpan<byte> body, PinnedRequest pinned)
    {
        if (issuer is null && !options.StableEnvelope) return new AnswerPlan(pinned.HidesTokenIds, null, null);
        Sha256Value digest = Digest(path, body, pinned.Pins);
        StableIds? ids = options.StableEnvelope ? new StableIds(digest, isChat: path != CanonicalRequest.Paths[0]) : null;
        // An answer that began under one environment never carries another.
        AnswerSeal? seal = issuer is null ? null : new AnswerSeal(issuer, new SealedRequest(
            path, digest, pinned.Pins, pinned.IsStream ? AnswerDelivery.Sse : AnswerDelivery.Json, pinned.WantsLogprobs,
            ReportedTokens.ChoicesPerPrompt(pinned.Json.Span),
            environments.Current ?? throw new InvalidOperationException("A request was taken before the environment was known.")));
        return new AnswerPlan(pinned.HidesTokenIds, ids, seal);
    }

    private static Sha256Value Digest(string path, ReadOnlySpan<byte> body, RequestPins pins)
    {
        try
        {
            return CanonicalRequest.Digest(path, body, pins);
        }
        catch (CanonicalFormException e)
        {
            string name = e.Place.TrimStart('.');
            throw OpenAIException.Invalid($"The request has no canonical form, which a receipt needs: {e.Message}", name.Length == 0 ? null : name, "no_canonical_form");
        }
    }
}
