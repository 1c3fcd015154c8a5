using System.Text.Json;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>Answers of a running engine to GET on its routes: JSON objects by path.</summary>
internal sealed class EngineAnswers(IReadOnlyDictionary<string, JsonElement> byPath)
{
    /// <summary>The first of several paths that was answered; null if none was.</summary>
    public string? First(IReadOnlyList<string> paths) => paths.FirstOrDefault(byPath.ContainsKey);

    /// <summary>The whole answer of a path; null if there is none.</summary>
    public JsonElement? Of(string path) => byPath.TryGetValue(path, out JsonElement value) ? value : null;

    /// <summary>A scalar member of an answer as text; null if absent.</summary>
    /// <param name="path">The path.</param>
    /// <param name="names">The member's name, after the names of its enclosing objects.</param>
    public string? Text(string path, params ReadOnlySpan<string> names) =>
        Member(path, names) is { } value
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
                _ => null,
            }
            : null;

    /// <summary>A member of an answer; null if absent. For an array, its first element.</summary>
    /// <inheritdoc cref="Text"/>
    public JsonElement? Member(string path, params ReadOnlySpan<string> names)
    {
        if (!byPath.TryGetValue(path, out JsonElement value))
            return null;
        foreach (string name in names)
        {
            if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0)
                value = value[0];
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out JsonElement member))
                return null;
            value = member;
        }
        return value;
    }
}
