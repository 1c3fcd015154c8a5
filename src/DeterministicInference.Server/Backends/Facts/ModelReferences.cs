using System.Globalization;
using System.Text.Json;

namespace DeterministicInference.Server.Backends.Facts;

/// <summary>What an engine's arguments say that it loads.</summary>
internal static class ModelReferences
{
    /// <param name="model">The model, where it is known.</param>
    /// <param name="revision">The hub's, for it.</param>
    /// <param name="named">What is loaded beside it, where it is given.</param>
    /// <param name="adapters">As arguments name them, in the order given.</param>
    public static IReadOnlyList<ModelPart> Of(
        string? model, string? revision, IEnumerable<(string Name, string? Reference, string? Revision)> named, IEnumerable<string> adapters) =>
    [
        .. model is null ? (ModelPart[])[] : [new ModelPart(ModelPart.Model, model, revision)],
        .. named.Where(part => part.Reference is { Length: > 0 }).Select(part => new ModelPart(part.Name, part.Reference!, part.Revision)),
        .. adapters.Select((adapter, index) => new ModelPart(string.Create(CultureInfo.InvariantCulture, $"adapter.{index}"), AdapterPath(adapter))),
    ];

    /// <summary>A template is a file, or the name of one that the engine has.</summary>
    /// <returns>Null for a name, and for the text of a template itself.</returns>
    public static string? File(string? template) =>
        template is not null && (PathText.IsPlace(template) || template.EndsWith(".jinja", StringComparison.Ordinal) || System.IO.File.Exists(template)) ? template : null;

    /// <summary>Adapters are given as a path, as name=path, and as JSON.</summary>
    private static string AdapterPath(string text)
    {
        if (!text.StartsWith('{')) return text[(text.IndexOf('=') + 1)..];
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            foreach (string name in (string[])["lora_path", "path"])
            {
                if (json.RootElement.TryGetProperty(name, out JsonElement path) && path.ValueKind == JsonValueKind.String) return path.GetString()!;
            }
        }
        catch (JsonException)
        {
            // Then the engine won't take it either.
        }
        return text;
    }
}
