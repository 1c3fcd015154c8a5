using System.Text.Json;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends;

/// <summary>
/// What an engine needs to be different in a request, and what it can't answer deterministically. Data: DeterminismPolicy
/// acts on it. What holds for every engine is there, not here.
/// </summary>
internal sealed record RequestRules
{
    public static RequestRules None { get; } = new();

    /// <summary>Seeds that mean something to the engine, and the same every time.</summary>
    public (long Least, long Most) Seeds { get; init; } = (long.MinValue, long.MaxValue);

    /// <summary>Members that are set where the sender left them out, because the engine's own default is not the API's, or varies. Scalars, as JSON.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Defaults { get; init; } = [];

    /// <summary>What the engine does not answer deterministically, or not at all without harm.</summary>
    public IReadOnlyList<FieldRefusal> Refusals { get; init; } = [];

    /// <summary>Values that the API has and the engine wants to be written in another way. The request means the same: that is no pin.</summary>
    public IReadOnlyList<FieldSpelling> Spellings { get; init; } = [];

    /// <summary>Names of members that ask the engine to report token ids, each with the value true.</summary>
    public IReadOnlyList<string> TokenIdMembers { get; init; } = [];

    /// <summary>Those for a chat in events, where they are others; null for the same.</summary>
    public IReadOnlyList<string>? ChatStreamTokenIdMembers { get; init; }

    /// <summary>All names by which token ids are asked for, in order.</summary>
    public IEnumerable<string> AllTokenIdMembers => TokenIdMembers.Union(ChatStreamTokenIdMembers ?? []).Order(StringComparer.Ordinal);

    /// <summary>
    /// The name that <c>model</c> gets: from the settings and the name that the sender gave, which is null where he gave none.
    /// Null leaves the member as it is.
    /// </summary>
    public Func<InferenceOptions, string?, string?> ModelName { get; init; } = (_, _) => null;
}

/// <summary>A member that is refused with some values.</summary>
/// <param name="Name">Of the member.</param>
/// <param name="Applies">Whether a value, which is not null, is refused. A scalar that was written as a string comes as the scalar.</param>
/// <param name="Reason">Why, and what to do instead: a sentence or two.</param>
internal sealed record FieldRefusal(string Name, Func<JsonElement, bool> Applies, string Reason)
{
    /// <summary>Refuses numbers above a limit, and what is no number: engines take many a text for one.</summary>
    public static FieldRefusal Above(string name, double most, string reason) =>
        new(name, value => value.ValueKind != JsonValueKind.Number || value.GetDouble() > most, reason);

    /// <summary>Refuses every value.</summary>
    public static FieldRefusal Always(string name, string reason) => new(name, _ => true, reason);
}

/// <summary>A member that the engine reads in another form.</summary>
/// <param name="Name">Of the member.</param>
/// <param name="Write">The JSON for a value, which is not null; null leaves it. A scalar that was written as a string comes as the scalar.</param>
internal sealed record FieldSpelling(string Name, Func<JsonElement, string?> Write);
