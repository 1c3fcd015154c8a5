using System.Text.Json;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>A row of the table of request fields.</summary>
/// <param name="path">
/// Path of the field, for example <c>messages[].content[].text</c>; of characters that need no escape.
/// </param>
/// <param name="type">Type of the value. Null counts as absent.</param>
/// <param name="changes">What the field affects if an engine honours it.</param>
/// <param name="noEffect">Values that have no effect: see <see cref="Types.NoEffect"/>.</param>
/// <param name="routes">The routes that have it.</param>
internal sealed class Field(
    string path,
    FieldType type,
    FieldChange changes,
    string noEffect = "",
    RequestRoute routes = RequestRoute.Both
)
{
    public string Path { get; } = path;

    /// <summary>Name of the member.</summary>
    public string Name { get; } = path[(path.LastIndexOf('.') + 1)..];

    public FieldType Type { get; } = type;

    public FieldChange Changes { get; } = changes;

    public NoEffect NoEffect { get; } = new(noEffect);

    public RequestRoute Routes { get; } = routes;

    /// <summary>
    /// Whether absence means different things to different engines, so that no value is equivalent to it everywhere.
    /// True for most settings that an engine reads from files beside the weights or from its arguments.
    /// </summary>
    public bool AbsenceVaries { get; init; }

    /// <summary>Whether values without effect may be removed, whatever the engine.</summary>
    public bool IsNeutralEverywhere => NoEffect.Text.Length > 0 && !AbsenceVaries;

    /// <summary>Paths of fields with the same or a similar meaning, the nearest first.</summary>
    public IReadOnlyList<FieldAlias> Aliases { get; init; } = [];

    /// <summary>Top-level fields of which one must be present for an effect; empty for no condition.</summary>
    public IReadOnlyList<string> OnlyWith { get; init; } = [];

    /// <summary>A top-level field, and its values that disable this field.</summary>
    public (string Name, NoEffect Values)? SwitchedOffBy { get; init; }

    /// <summary>A top-level number, 1 if absent; this field has no effect if it is equal.</summary>
    public string? SameAs { get; init; }

    public bool IsRequired { get; init; }

    /// <summary>Whether null is a value of its own, so that only an absent member is missing.</summary>
    public bool AcceptsNull { get; init; }

    /// <summary>Another member, and its values that make this one required.</summary>
    public (string Name, string[] Values)? RequiredWhere { get; init; }

    /// <summary>Checks a value of the field, and records whether it has an effect.</summary>
    /// <param name="value">Not null.</param>
    /// <param name="at">Position of the object.</param>
    /// <returns>The value, or the scalar that it spells as a string.</returns>
    /// <exception cref="OpenAIException">400: the value is of another type, or out of range.</exception>
    public JsonElement Check(JsonElement value, FieldCheck at)
    {
        at.Enter(this);
        int uses = at.Uses.Count;
        JsonElement read = Type.Check(value, at);
        at.Use(this, read, uses);
        at.Leave();
        return read;
    }

    /// <summary>Records whether the value of a field of the other route has an effect.</summary>
    /// <param name="value">Not null; of any type.</param>
    /// <param name="at">The place of the object.</param>
    public void Note(JsonElement value, FieldCheck at)
    {
        at.Enter(this);
        at.Use(this, value, at.Uses.Count);
        at.Leave();
    }

    /// <summary>Requires the member where it is mandatory.</summary>
    /// <param name="owner">The object, whose members are of the right types.</param>
    /// <param name="at">Position of the object.</param>
    /// <exception cref="OpenAIException">400: the member is missing.</exception>
    public void Require(JsonElement owner, FieldCheck at)
    {
        if (!IsRequired && RequiredWhere is null)
            return;
        bool isThere = owner.TryGetProperty(Name, out JsonElement value);
        if (isThere && (AcceptsNull || value.ValueKind != JsonValueKind.Null))
            return;
        if (!IsRequired && !Applies(owner))
            return;
        at.Enter(this);
        throw OpenAIException.Missing(at.Path);
    }

    private bool Applies(JsonElement owner) =>
        RequiredWhere is { } condition
        && owner.TryGetProperty(condition.Name, out JsonElement other)
        && Array.Exists(condition.Values, value => other.ValueEquals(value));
}
