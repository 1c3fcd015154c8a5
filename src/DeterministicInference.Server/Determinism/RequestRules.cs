using System.Text.Json;
using DeterministicInference.Server.OpenAI.Requests;

namespace DeterministicInference.Server.Determinism;

/// <summary>
/// How requests must be changed for an engine, and which it can't answer deterministically. Data, applied by
/// DeterminismPolicy, which also has the rules for every engine.
/// </summary>
internal sealed record RequestRules
{
    public static RequestRules None { get; } = new();

    /// <summary>The fields that the engine honours; null if unknown, in which case no field is refused.</summary>
    public EngineFields? Fields { get; init; }

    /// <summary>Fields that make answers nondeterministic on other engines but not on this one.</summary>
    public IReadOnlyList<string> Harmless { get; init; } = [];

    /// <summary>Range of seeds that every known release of the engine distinguishes.</summary>
    public (long Least, long Most) Seeds { get; init; } = (long.MinValue, long.MaxValue);

    /// <summary>
    /// Members that are set if absent, because the engine's default differs from the API's or varies. Scalars, as JSON.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, string>> Defaults { get; init; } = [];

    /// <summary>
    /// Tokens of a completion that says nothing of its length, because the engine has no limit then; null where the
    /// engine keeps to the API's.
    /// </summary>
    public int? CompletionTokens { get; init; }

    /// <summary>Whether the engine's answer to several prompts is not the API's, so that each is a request.</summary>
    public bool OnePromptAtATime { get; init; }

    /// <summary>Values that the engine can't answer deterministically, or that would harm it.</summary>
    public IReadOnlyList<FieldRefusal> Refusals { get; init; } = [];

    /// <summary>
    /// Values that the engine expects in another spelling. The meaning stays the same, so this is no pin.
    /// </summary>
    public IReadOnlyList<FieldSpelling> Spellings { get; init; } = [];

    /// <summary>Members that make the engine report token ids, each with the value true.</summary>
    public IReadOnlyList<string> TokenIdMembers { get; init; } = [];

    /// <summary>The members for streamed chats, if they differ; null otherwise.</summary>
    public IReadOnlyList<string>? ChatStreamTokenIdMembers { get; init; }

    /// <summary>
    /// Flags of a completion with which the engine gives another answer if it reports token ids: it is not asked then.
    /// </summary>
    public IReadOnlyList<string> NoTokenIdsWith { get; init; } = [];

    /// <summary>All members that request token ids, in order.</summary>
    public IEnumerable<string> AllTokenIdMembers =>
        TokenIdMembers.Union(ChatStreamTokenIdMembers ?? []).Order(StringComparer.Ordinal);

    /// <summary>Whether a request without <c>model</c> gets the main model's name.</summary>
    public bool NeedsModel { get; init; }

    /// <summary>The value of <c>model</c> that every request gets, whatever the engine lists; null for none.</summary>
    public string? OnlyModelName { get; init; }

    /// <summary>
    /// What stands between the names of a model and of an adapter, if the engine reads both in <c>model</c>.
    /// </summary>
    public char? AdapterMark { get; init; }
}

/// <summary>A member that is refused for some values.</summary>
/// <param name="Name">Name of the member.</param>
/// <param name="Applies">
/// Whether a value other than null is refused. A scalar written as a string is passed as the scalar.
/// </param>
/// <param name="Reason">Reason and alternative, in one or two sentences.</param>
internal sealed record FieldRefusal(string Name, Func<JsonElement, bool> Applies, string Reason)
{
    /// <summary>The requests in which the value is refused; all by default.</summary>
    public Func<CheckedRequest, bool> When { get; init; } = _ => true;

    /// <summary>
    /// Whether the engine would not do what the value says, where otherwise its answer could not be repeated.
    /// </summary>
    public bool IsUnsupported { get; init; }

    /// <summary>Refuses numbers above a limit, and other types: engines accept many strings as numbers.</summary>
    public static FieldRefusal Above(string name, double most, string reason) =>
        new(name, value => value.ValueKind != JsonValueKind.Number || value.GetDouble() > most, reason);

    /// <summary>Refuses 0 as a number of tokens.</summary>
    public static FieldRefusal NoTokens(string name, string reason) =>
        new(name, value => value.ValueKind == JsonValueKind.Number && value.GetDouble() == 0, reason)
        {
            IsUnsupported = true,
        };

    /// <summary>Refuses every value.</summary>
    public static FieldRefusal Always(string name, string reason) => new(name, _ => true, reason);
}

/// <summary>A member that the engine expects in another form.</summary>
/// <param name="Name">Of the member.</param>
/// <param name="Write">
/// The JSON for a value other than null; null leaves it unchanged. A scalar written as a string is passed as the
/// scalar.
/// </param>
internal sealed record FieldSpelling(string Name, Func<JsonElement, string?> Write);
