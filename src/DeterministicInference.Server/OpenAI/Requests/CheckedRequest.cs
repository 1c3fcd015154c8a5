using System.Text.Json;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>
/// A request whose known fields have been checked. It is valid as long as its body, which it does not own.
/// </summary>
internal sealed class CheckedRequest
{
    private readonly IReadOnlyList<FieldUse> _noted;

    public CheckedRequest(RequestBody body, RequestRoute route, IReadOnlyList<RequestMember> members, FieldCheck check)
    {
        Body = body;
        Route = route;
        Members = members;
        Coercions = check.Coercions;
        _noted = check.Uses;
        Uses = _noted.All(use => HasEffect(use.Top)) ? _noted : [.. _noted.Where(use => HasEffect(use.Top))];
    }

    public RequestBody Body { get; }

    public RequestRoute Route { get; }

    /// <summary>The top-level members, in order.</summary>
    public IReadOnlyList<RequestMember> Members { get; }

    /// <summary>The scalars written as strings, in the order of the table.</summary>
    public IReadOnlyList<Coercion> Coercions { get; }

    /// <summary>The fields that affect the answer or its metadata, each once, an object before its members.</summary>
    public IReadOnlyList<FieldUse> Uses { get; }

    /// <summary>Whether a stream is requested.</summary>
    public bool IsStream => Is("stream");

    /// <summary>Whether log-probabilities are requested.</summary>
    public bool WantsLogprobs => Find("logprobs") is { ValueKind: JsonValueKind.True or JsonValueKind.Number };

    /// <summary>The name of the model; null if absent.</summary>
    public string? Model => Text("model");

    /// <summary>The value of a known field, with strings converted to scalars; null if absent or null.</summary>
    public JsonElement? Find(string name)
    {
        foreach (RequestMember member in Members)
        {
            if (member.Field?.Name == name)
                return member.Value.ValueKind == JsonValueKind.Null ? null : member.Value;
        }
        return null;
    }

    public bool Is(string name) => Find(name) is { ValueKind: JsonValueKind.True };

    public string? Text(string name) =>
        Find(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>A whole number.</summary>
    /// <exception cref="OpenAIException">400: the number is out of the given range.</exception>
    public int? Integer(string name, int minimum, int maximum) =>
        Find(name) is { } value ? (int)FieldValue.AsInteger(value, name, minimum, maximum) : null;

    /// <summary>A number; null for anything else.</summary>
    public float? Number(string name) =>
        Find(name) is { ValueKind: JsonValueKind.Number } value ? (float)value.GetDouble() : null;

    private bool HasEffect(Field field)
    {
        if (field.OnlyWith.Count > 0 && !_noted.Any(use => field.OnlyWith.Contains(use.Field.Path)))
            return false;
        if (field.SwitchedOffBy is { } off && Find(off.Name) is { } set && off.Values.Matches(set))
            return false;
        return field.SameAs is null || Number(field.Name) != (Number(field.SameAs) ?? 1);
    }
}

/// <summary>A top-level member.</summary>
/// <param name="Property">The member in the text.</param>
/// <param name="Field">Row of the field; null if the table does not have it.</param>
/// <param name="Value">The value for the engine: a scalar for one written as a string.</param>
internal readonly record struct RequestMember(JsonProperty Property, Field? Field, JsonElement Value);
