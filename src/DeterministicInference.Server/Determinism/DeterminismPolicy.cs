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
/// <param name="hasReceipts">Whether answers get receipts, so that token ids are requested from the engine.</param>
/// <param name="seeds">Range of seeds that the present engine distinguishes; null is that of the rules.</param>
internal sealed class DeterminismPolicy(
    ServeOptions options,
    RequestRules rules,
    FieldSupport? support,
    bool hasReceipts,
    Func<(long Least, long Most)>? seeds = null
)
{
    private const string SeedsPerPrompt = "seeds_per_prompt";

    /// <summary>Fields that change answers and that this server acts upon itself, whatever the engine.</summary>
    public static IReadOnlyList<string> OwnFields { get; } = [SeedsPerPrompt];

    /// <summary>
    /// Members that don't reach the engine. <c>tee</c> is for devices in front of this server, <c>receipt</c> for this
    /// server, and <c>replay_nonce</c> makes the receipt of a verifier's replay one of its own question; engines don't
    /// read them. <c>rid</c> and <c>request_id</c> become the answer's id on SGLang and vLLM, and SGLang refuses the
    /// second of two at a time.
    /// </summary>
    private static readonly string[] Dropped = ["tee", "replay_nonce", "receipt", "rid", "request_id", .. OwnFields];

    /// <summary>All names of the length of a completion.</summary>
    private static readonly string[] Lengths = ["max_tokens", "max_completion_tokens", "n_predict"];

    private readonly bool _enforce = options.Enforces;
    private readonly Func<(long Least, long Most)> _seeds = seeds ?? (() => rules.Seeds);

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
            support?.Require(request, OwnFields);
        }
        long? seed = Seed(request);
        var edits = new RequestEdits(request);
        foreach (Coercion coercion in request.Coercions)
            edits.Coerce(coercion);
        if (_enforce)
        {
            edits.RemoveNulls();
            SetDefaults(request, seed, edits);
        }
        SpellForEngine(request, edits);
        NameModel(request, models, edits);
        bool hidesTokenIds = hasReceipts && MayReportTokenIds(request) && AskForTokenIds(request, edits);
        IReadOnlyList<ReadOnlyMemory<byte>> prompts = Prompts(request);
        bool differ = seed is not null && SeedsDiffer(request, prompts, edits),
            isSplit = prompts.Count > 1 && (differ || (rules.OnePromptAtATime && (_enforce || hasReceipts)));
        foreach (string member in isSplit ? [.. Dropped, "prompt"] : Dropped)
            edits.Remove(member);
        var pins = new RequestPins(edits.Changes.Where(change => IsPin(change.Key)));
        ServedModel? asked = request.Model is { } name ? models.Find(name, rules.AdapterMark) : null;
        bool isMain = asked is null || models.IsMain(asked);
        ReadOnlyMemory<byte> json = edits.Apply();
        int choices = CanonicalRequest.ChoicesPerPrompt(request.Body.Root, pins);
        return new PinnedRequest(json, edits.Changes, pins)
        {
            DrawnSeed = DrawsSeed(request) ? seed : null,
            Parts = !isSplit
                ? null
                : new PromptParts(json, prompts)
                {
                    Seeds = differ ? new PromptSeeds(seed!.Value, choices, _seeds().Most) : null,
                },
            // A model may be listed under several names.
            ModelName = isMain ? models.Main?.Id : asked!.Id,
            IsMainModel = isMain,
            IsStream = request.IsStream,
            WantsNoComments = request.Text("receipt") == "header",
            WantsLogprobs = request.WantsLogprobs,
            WantsNoAlternatives = request.Number("logprobs") == 0,
            ChoicesPerPrompt = choices,
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
        (long least, long most) = _seeds();
        if (value >= least && value <= most)
            return;
        throw NondeterministicFields.Refused(
            "seed",
            $"This engine distinguishes only seeds from {least} to {most}. Give one of these."
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

    /// <summary>The client's seed, or the one that the request gets; null if it has none.</summary>
    private long? Seed(CheckedRequest request) =>
        request.Find("seed") is { } given
            ? given.TryGetInt64(out long seed)
                ? seed
                : null
            : _enforce
                ? options.Seed.Number ?? RandomSeed.Draw(_seeds().Most)
                : null;

    private bool DrawsSeed(CheckedRequest request) =>
        _enforce && options.Seed.Number is null && request.Find("seed") is null;

    /// <summary>The prompts of a completion that has several; else none.</summary>
    private static IReadOnlyList<ReadOnlyMemory<byte>> Prompts(CheckedRequest request)
    {
        if (request.Route != RequestRoute.Completions || request.Find("prompt") is not { } prompt)
            return [];
        bool areSeveral =
            prompt.ValueKind == JsonValueKind.Array
            && prompt.GetArrayLength() > 1
            && prompt[0].ValueKind != JsonValueKind.Number;
        return areSeveral
            ? [.. prompt.EnumerateArray().Select(one => request.Body.Json[request.Body.PlaceOf(one)])]
            : [];
    }

    /// <summary>
    /// Whether each prompt gets a seed of its own. The client says so; else the prompts of a drawn seed do, because the
    /// client wants samples, and the receipt says it.
    /// </summary>
    private bool SeedsDiffer(CheckedRequest request, IReadOnlyList<ReadOnlyMemory<byte>> prompts, RequestEdits edits)
    {
        if (request.Find(SeedsPerPrompt) is not null)
            return request.Is(SeedsPerPrompt);
        if (!DrawsSeed(request) || prompts.Count <= 1)
            return false;
        edits.Record(SeedsPerPrompt, "true");
        return true;
    }

    private void SetDefaults(CheckedRequest request, long? seed, RequestEdits edits)
    {
        foreach ((string name, string json) in rules.Defaults)
            SetIfAbsent(request, name, json, edits);
        if (rules.CompletionTokens is { } tokens && request.Route == RequestRoute.Completions && !HasLength(request))
            edits.Set("max_tokens", tokens.ToString(CultureInfo.InvariantCulture));
        if (seed is { } number)
            SetIfAbsent(request, "seed", number.ToString(CultureInfo.InvariantCulture), edits);
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
