using System.Globalization;
using System.Text.Json;
using DeterministicInference.Server.Machine;

namespace DeterministicInference.Server.Engines.Facts;

/// <summary>The files that an engine loads according to its arguments.</summary>
internal static class ModelReferences
{
    /// <param name="model">The model, if known.</param>
    /// <param name="revision">The model's revision on the hub.</param>
    /// <param name="named">Further parts that are loaded, if given.</param>
    /// <param name="adapters">Paths of adapters, in order.</param>
    public static IReadOnlyList<ModelPart> Of(
        string? model,
        string? revision,
        IEnumerable<(string Name, string? Reference, string? Revision)> named,
        IEnumerable<string> adapters
    ) =>
        [
            .. model is null ? (ModelPart[])[] : [new ModelPart(ModelPart.Model, model, revision)],
            .. named
                .Where(part => part.Reference is { Length: > 0 })
                .Select(part => new ModelPart(part.Name, part.Reference!, part.Revision)),
            .. adapters.Select(
                (adapter, index) =>
                    new ModelPart(string.Create(CultureInfo.InvariantCulture, $"adapter.{index}"), adapter)
            ),
        ];

    /// <summary>The file of a template, which may also be the name of a built-in one.</summary>
    /// <returns>Null for a name, and for the text of a template.</returns>
    public static string? File(string? template) =>
        template is not null
        && (
            PathText.IsPathOrUrl(template)
            || template.EndsWith(".jinja", StringComparison.Ordinal)
            || System.IO.File.Exists(template)
        )
            ? template
            : null;

    /// <summary>The path of an adapter, given as a path, as name=path, or as JSON.</summary>
    public static string AdapterPath(string text)
    {
        if (!text.StartsWith('{'))
            return text[(text.IndexOf('=') + 1)..];
        try
        {
            using JsonDocument json = JsonDocument.Parse(text);
            foreach (string name in (string[])["lora_path", "path"])
            {
                if (
                    json.RootElement.TryGetProperty(name, out JsonElement path)
                    && path.ValueKind == JsonValueKind.String
                )
                    return path.GetString()!;
            }
        }
        catch (JsonException)
        {
            // The engine won't accept it either.
        }
        return text;
    }
}
