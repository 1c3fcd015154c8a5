using System.Globalization;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// Pins a request so that it can have only one answer, which depends on the request and the settings alone. Refuses
/// requests that can't be pinned, and fields that the engine would ignore. With <c>--determinism off</c> it only
/// translates.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="rules">Rules of the engine for requests.</param>
/// <param name="support">Fields that the engine does not honour; null if unknown.</param>
/// <param name="asksForTokenIds">Whether to request token ids from the engine.</param>
internal sealed class DeterminismPolicy(
    ServeOptions options,
    RequestRules rules,
    FieldSupport? support,
    bool asksForTokenIds
)
{
    /// <summary>
    /// Members that don't reach the engine. <c>tee</c> is for devices in front of this server, and <c>replay_nonce</c>
    /// makes the receipt of a verifier's replay one of its own question; engines don't read them. <c>rid</c> and
    /// <c>request_id</c> become the answer's id on SGLang and vLLM, and SGLang refuses the second of two at a time.
    /// </summary>
    private static readonly string[] Dropped = ["tee", "replay_nonce", "rid", "request_id"];

    /// <summary>All names of the length of a completion.</summary>
    private static readonly string[] Lengths = ["max_tokens", "max_completion_tokens", "n_predict"];

    private readonly bool _enforce = options.Enforces;
    private readonly string _seed = options.Seed.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Sets the members that a request leaves open: the seed, and the defaults of the engine's rules. A member that is
    /// present is the client's choice. Scalars written as strings become scalars.
    /// </summary>
    /// <exception cref="OpenAIException">
    /// 400 <c>nondeterministic_request</c>: the request does not determine its answer. 400
    /// <c>unsupported_parameter</c>: the engine would ignore a field.
    /// </exception>
    /// <param name="request">The request.</param>
    /// <param name="models">The models that the engine serves.</param>
    public PinnedRequest Pin(CheckedRequest request, ServedModels models)
    {
        if (_enforce)
        {
            RequireSeed(request);
            RequireDeterministic(request);
            support?.Require(request);
        }
        var edits = new RequestEdits(request);
        foreach (Coercion coercion in request.Coercions)
            edits.Coerce(coercion);
        if (_enforce)
        {
            edits.RemoveNulls();
            SetDefaults(request, edits);
        }
        SpellForEngine(request, edits);
        NameModel(request, models, edits);
        bool hidesTokenIds = asksForTokenIds && MayReportTokenIds(request) && AskForTokenIds(request, edits);
        foreach (string member in Dropped)
            edits.Remove(member);
        var pins = new RequestPins(edits.Changes.Where(change => IsPin(change.Key)));
        ServedModel? asked = request.Model is { } name ? models.Find(name, rules.AdapterMark) : null;
        bool isMain = asked is null || models.IsMain(asked);
        return new PinnedRequest(edits.Apply(), edits.Changes, pins)
        {
            // A model may be listed under several names.
            ModelName = isMain ? models.Main?.Id : asked!.Id,
            IsMainModel = isMain,
            IsStream = request.IsStream,
            WantsLogprobs = request.WantsLogprobs,
            WantsNoAlternatives = request.Number("logprobs") == 0,
            ChoicesPerPrompt = CanonicalRequest.ChoicesPerPrompt(request.Body.Root, pins),
            HidesTokenIds = hidesTokenIds,
        };
    }

    /// <summary>Whether a request may name a model so: the engine lists it, or an adapter of it.</summary>
    public bool Knows(string model, ServedModels models) => models.Find(model, rules.AdapterMark) is not null;

    private void RequireSeed(CheckedRequest request)
    {
        if (request.Find("seed") is not { } seed)
            return;
        if (!seed.TryGetInt64(out long value))
        {
            throw NondeterministicFields.Refused(
                "seed",
                "A seed is written as a whole number, such as 7: engines read other spellings differently."
            );
        }
        if (value == -1)
            throw NondeterministicFields.Refused(
                "seed",
                "Some engines read -1 as \"no seed\". Give a number from 0, or leave the seed out."
            );
        if (value >= rules.Seeds.Least && value <= rules.Seeds.Most)
            return;
        throw NondeterministicFields.Refused(
            "seed",
            $"This engine distinguishes only seeds from {rules.Seeds.Least} to {rules.Seeds.Most}. Give one of these."
        );
    }

    private void RequireDeterministic(CheckedRequest request)
    {
        foreach (FieldRefusal refusal in rules.Refusals)
        {
            if (request.Find(refusal.Name) is not { } value || !refusal.Applies(value) || !refusal.When(request))
                continue;
            throw refusal.IsUnsupported
                ? OpenAIException.Unsupported(refusal.Name, refusal.Reason)
                : NondeterministicFields.Refused(refusal.Name, refusal.Reason);
        }
        NondeterministicFields.Refuse(request, rules.Harmless);
    }

    private void SetDefaults(CheckedRequest request, RequestEdits edits)
    {
        foreach ((string name, string json) in rules.Defaults)
            SetIfAbsent(request, name, json, edits);
        if (rules.CompletionTokens is { } tokens && request.Route == RequestRoute.Completions && !HasLength(request))
            edits.Set("max_tokens", tokens.ToString(CultureInfo.InvariantCulture));
        SetIfAbsent(request, "seed", _seed, edits);
    }

    /// <summary>Engines read names of a length that the route does not have in the API.</summary>
    private static bool HasLength(CheckedRequest request) =>
        Lengths.Any(name =>
            request.Body.Root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
        );

    private void SpellForEngine(CheckedRequest request, RequestEdits edits)
    {
        foreach (FieldSpelling spelling in rules.Spellings)
        {
            if (request.Find(spelling.Name) is { } value && spelling.Write(value) is { } json)
                edits.SetUnrecorded(spelling.Name, json);
        }
    }

    /// <summary>
    /// Replaces a name that the engine does not list: some engines refuse it, some take it for an adapter, and some
    /// answer by it, so that the answer names a model that is not there.
    /// </summary>
    private void NameModel(CheckedRequest request, ServedModels models, RequestEdits edits)
    {
        if (request.Model is null && !rules.NeedsModel && rules.OnlyModelName is null)
            return;
        string? wanted = rules.OnlyModelName ?? models.NameFor(request.Model, rules.AdapterMark);
        if (wanted is not null && wanted != request.Model)
            edits.Set("model", JsonText.Quote(wanted));
    }

    private bool MayReportTokenIds(CheckedRequest request) =>
        request.Route != RequestRoute.Completions || !rules.NoTokenIdsWith.Any(request.Is);

    /// <returns>Whether only this server requested the ids, so that they are removed from the answer.</returns>
    private bool AskForTokenIds(CheckedRequest request, RequestEdits edits)
    {
        bool isChatStream = request is { Route: RequestRoute.Chat, IsStream: true },
            asks = false;
        IReadOnlyList<string> names = (isChatStream ? rules.ChatStreamTokenIdMembers : null) ?? rules.TokenIdMembers;
        foreach (string name in names)
        {
            if (request.Find(name) is not null)
                continue;
            edits.SetUnrecorded(name, "true");
            asks = true;
        }
        // A client that requests some kinds of ids gets all of them.
        return asks && !names.Any(request.Is);
    }

    private static void SetIfAbsent(CheckedRequest request, string name, string json, RequestEdits edits)
    {
        if (request.Find(name) is null)
            edits.Set(name, json);
    }

    /// <summary>
    /// Whether a coercion is a pin. One within a nested member never affects what is generated: see
    /// <see cref="FieldCheck"/>.
    /// </summary>
    private static bool IsPin(string path) =>
        !CanonicalRequest.IsRemoved(path) && !path.Contains('.', StringComparison.Ordinal);
}
