using System.Text.Json;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>Where an engine's facts come from.</summary>
/// <param name="Options">Settings.</param>
/// <param name="Machine">The machine, as it was before the launch.</param>
/// <param name="Answers">What the engine answered to GET on <see cref="IBackend.FactPaths"/>: JSON objects by path.</param>
internal sealed record FactInputs(InferenceOptions Options, MachineFacts Machine, IReadOnlyDictionary<string, JsonElement> Answers)
{
    /// <summary>How this server started the engine; null for one that somebody else did.</summary>
    public BackendLaunch? Launch { get; init; }

    /// <summary>The Python distributions that the engine imports, name to version; null where they can't be found.</summary>
    public IReadOnlyDictionary<string, string>? Packages { get; init; }

    /// <summary>Whether this server started the engine.</summary>
    public bool IsLaunched => Launch is not null;

    /// <summary>The variables of an engine that this server started.</summary>
    public IReadOnlyDictionary<string, string> Variables
    {
        get
        {
            var variables = new Dictionary<string, string>(Machine.Variables, StringComparer.Ordinal);
            foreach (string name in Launch?.Unset ?? []) variables.Remove(name);
            foreach ((string name, string value) in Launch?.Environment ?? new Dictionary<string, string>()) variables[name] = value;
            return variables;
        }
    }

    /// <summary>A member of an answer as text, wherever it is a scalar; null where it is not there.</summary>
    /// <param name="path">One of <see cref="IBackend.FactPaths"/>.</param>
    /// <param name="names">The member's name, after those of the objects that it is in.</param>
    public string? Answer(string path, params ReadOnlySpan<string> names) =>
        Member(path, names) is { } value
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => null,
            }
            : null;

    /// <summary>A member of an answer; null where it is not there.</summary>
    /// <inheritdoc cref="Answer"/>
    public JsonElement? Member(string path, params ReadOnlySpan<string> names)
    {
        if (!Answers.TryGetValue(path, out JsonElement value)) return null;
        foreach (string name in names)
        {
            if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0) value = value[0];
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out JsonElement member)) return null;
            value = member;
        }
        return value;
    }
}
