using System.Globalization;
using System.Text.Json;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// Turns a request into one that can have only one answer: a function of the request and the settings alone. What can't be
/// such a request is refused. A plain proxy (<c>--determinism off</c>) only translates.
/// </summary>
/// <param name="options">Settings.</param>
/// <param name="rules">What the engine needs.</param>
/// <param name="asksForTokenIds">Whether the engine is asked to report token ids.</param>
internal sealed class DeterminismPolicy(InferenceOptions options, RequestRules rules, bool asksForTokenIds)
{
    /// <summary>A member for devices in front of this server, which says nothing to an engine.</summary>
    private const string Tee = "tee";

    private readonly bool _enforce = options.Determinism != "off";
    private readonly string _seed = options.Seed.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Checks a request and sets what it leaves open: the seed, and what the engine's rules name. A value that it has is the
    /// sender's choice. Scalars that are written as strings become scalars.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="coercions">What <see cref="RequestFields.Check"/> found.</param>
    /// <param name="isChat">Which route it is for.</param>
    /// <exception cref="OpenAIException">400 <c>nondeterministic_request</c>: the request does not determine its answer.</exception>
    public PinnedRequest Pin(RequestBody request, IReadOnlyList<Coercion> coercions, bool isChat)
    {
        if (_enforce) Require(request.Root, coercions);
        var edits = new RequestEdits(request);
        foreach (Coercion coercion in coercions) edits.Replace(coercion.Path, coercion.Written, coercion.Scalar);
        if (_enforce)
        {
            foreach ((string name, string json) in rules.Defaults) SetIfAbsent(request.Root, name, json, edits);
            SetIfAbsent(request.Root, "seed", _seed, edits);
        }
        foreach (FieldSpelling spelling in rules.Spellings)
        {
            if (ValueOf(request.Root, coercions, spelling.Name) is { } value && spelling.Write(value) is { } json) edits.Ask(spelling.Name, json);
        }
        string? model = TextOf(request.Root, "model");
        if (rules.ModelName(options, model) is { } wanted && wanted != model) edits.Set("model", JsonText.Quote(wanted));
        bool isStream = Is(request.Root, coercions, "stream"), hidesIds = false;
        if (asksForTokenIds)
        {
            IReadOnlyList<string> names = (isChat && isStream ? rules.ChatStreamTokenIdMembers : null) ?? rules.TokenIdMembers;
            foreach (string name in names)
            {
                if (request.Root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null) continue;
                edits.Ask(name, "true");
                hidesIds = true;
            }
            // Who asks for some of them gets them, and the others with them.
            hidesIds &= !names.Any(name => Is(request.Root, coercions, name));
        }
        edits.Remove(Tee);
        return new PinnedRequest(edits.Apply(), edits.Changes, new RequestPins(edits.Changes.Where(change => IsPin(change.Key))))
        {
            IsStream = isStream,
            WantsLogprobs = WantsLogprobs(request.Root, coercions),
            HidesTokenIds = hidesIds,
        };
    }

    private void Require(JsonElement root, IReadOnlyList<Coercion> coercions)
    {
        RequireSeed(root, coercions);
        foreach (FieldRefusal refusal in (IEnumerable<FieldRefusal>)[.. rules.Refusals, .. OpenRequests.Refusals])
        {
            if (ValueOf(root, coercions, refusal.Name) is { } value && refusal.Applies(value)) throw OpenRequests.Refused(refusal.Name, refusal.Reason);
        }
    }

    private void RequireSeed(JsonElement root, IReadOnlyList<Coercion> coercions)
    {
        if (ValueOf(root, coercions, "seed") is not { ValueKind: JsonValueKind.Number } seed) return;
        if (!seed.TryGetInt64(out long value))
        {
            throw OpenRequests.Refused("seed", "A seed is written as a whole number, such as 7: engines read other spellings differently.");
        }
        if (value == -1) throw OpenRequests.Refused("seed", "-1 means no seed at all to some engines. Give a number from 0, or leave the seed out.");
        if (value >= rules.Seeds.Least && value <= rules.Seeds.Most) return;
        throw OpenRequests.Refused("seed", $"This engine tells seeds from {rules.Seeds.Least} to {rules.Seeds.Most} apart, and no others. Give one of these.");
    }

    private static void SetIfAbsent(JsonElement root, string name, string json, RequestEdits edits)
    {
        if (!root.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) edits.Set(name, json);
    }

    /// <summary>A coercion within another member is of none that decides what is generated: see RequestFields.</summary>
    private static bool IsPin(string path) => !CanonicalRequest.IsRemoved(path) && !path.Contains('.', StringComparison.Ordinal);

    private static bool Is(JsonElement root, IReadOnlyList<Coercion> coercions, string name) => ValueOf(root, coercions, name) is { ValueKind: JsonValueKind.True };

    private static bool WantsLogprobs(JsonElement root, IReadOnlyList<Coercion> coercions) =>
        ValueOf(root, coercions, "logprobs") is { ValueKind: JsonValueKind.True or JsonValueKind.Number };

    /// <summary>A member as the engine gets it; null where it is absent or null.</summary>
    private static JsonElement? ValueOf(JsonElement root, IReadOnlyList<Coercion> coercions, string name)
    {
        if (!root.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
        foreach (Coercion coercion in coercions)
        {
            if (coercion.Path == name) return JsonElement.Parse(coercion.Scalar);
        }
        return value;
    }

    private static string? TextOf(JsonElement root, string name) => new FieldReader(root).Find(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
