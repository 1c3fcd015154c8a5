using System.Text.Json;

namespace DeterministicInference.Server.Configuration;

/// <summary>
/// Settings from a JSON file: <c>{"Inference":{"BackendPort":30001}}</c> or <c>{"Inference:BackendPort":30001}</c>. As
/// in .NET configuration files, keys are case-insensitive, and comments and trailing commas are allowed; null counts as
/// absent (https://learn.microsoft.com/dotnet/core/extensions/configuration-providers#json-configuration-provider).
/// </summary>
/// <param name="Values">At most one per setting.</param>
/// <param name="Problems">Why the file can't be used as it is.</param>
internal sealed record ConfigFile(IReadOnlyList<GivenValue> Values, IReadOnlyList<string> Problems)
{
    /// <summary>Whether all settings of the file are known; a value that is wrong is known to be given.</summary>
    public bool IsRead { get; private init; } = true;

    public const string Flag = "--config";
    public const string Variable = Setting.VariablePrefix + "CONFIG";

    private const string Section = "Inference";

    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };
    private static readonly IEnumerable<string> Keys = SettingTable.All.Select(setting => setting.Key);

    /// <param name="path">The file.</param>
    /// <param name="name">The flag or variable that names it.</param>
    public static ConfigFile Read(string path, string name = Flag)
    {
        if (Directory.Exists(path))
            return Unusable(name, path, "is a folder. Give the path of a JSON file.");
        try
        {
            using FileStream file = File.OpenRead(path);
            using JsonDocument document = JsonDocument.Parse(file, Lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? Read(path, document.RootElement)
                : Unusable(name, path, "is not a JSON object. Write {\"Inference\":{…}}.");
        }
        catch (JsonException e)
        {
            return Unusable(
                name,
                path,
                $"is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}. Correct it there."
            );
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Unusable(name, path, "does not exist. Give the path of a JSON file.");
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Unusable(
                name,
                path,
                $"can't be read: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}. Give the path of a JSON file."
            );
        }
    }

    private static ConfigFile Unusable(string name, string path, string complaint) =>
        new([], [$"{name}: {path} {complaint}"]) { IsRead = false };

    private static ConfigFile Read(string path, JsonElement root)
    {
        var values = new List<GivenValue>();
        var problems = new List<string>();
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, JsonElement element) in Flat(root))
        {
            string key = name.StartsWith(Section + ":", StringComparison.OrdinalIgnoreCase)
                ? name[(Section.Length + 1)..]
                : "";
            Setting? setting = SettingTable.All.FirstOrDefault(setting =>
                setting.Key.Equals(key, StringComparison.OrdinalIgnoreCase)
            );
            if (!seen.Add(name))
                problems.Add($"{name} in {path}: appears twice; remove one.");
            else if (name.Equals(Section, StringComparison.OrdinalIgnoreCase))
                problems.Add($"{name} in {path}: is not a JSON object. Write \"{Section}\":{{…}}.");
            else if (setting is null)
                problems.Add(Unknown(name, key, path));
            else if (element.ValueKind == JsonValueKind.Null)
                continue;
            else
                values.Add(Value(setting, element, path));
        }
        return new ConfigFile(values, problems);
    }

    /// <summary>The members of the file, and those of its section by their full name.</summary>
    private static IEnumerable<(string Name, JsonElement Value)> Flat(JsonElement root)
    {
        foreach (JsonProperty member in root.EnumerateObject())
        {
            if (
                !member.Name.Equals(Section, StringComparison.OrdinalIgnoreCase)
                || member.Value.ValueKind != JsonValueKind.Object
            )
            {
                yield return (member.Name, member.Value);
                continue;
            }
            foreach (JsonProperty inner in member.Value.EnumerateObject())
                yield return ($"{Section}:{inner.Name}", inner.Value);
        }
    }

    private static string Unknown(string name, string key, string path)
    {
        string? near = NearestName.Of(key.Length > 0 ? key : name, Keys);
        string remedy = near is null ? "Remove it." : $"Did you mean {Section}:{near}?";
        return $"{name} in {path}: no setting has this key. {remedy}";
    }

    private static GivenValue Value(Setting setting, JsonElement element, string path)
    {
        bool single =
            element.ValueKind != JsonValueKind.Object && (element.ValueKind != JsonValueKind.Array || setting.IsList);
        string text = element.ValueKind == JsonValueKind.String ? Text(element) : element.GetRawText();
        return new GivenValue(
            setting,
            text,
            new Origin(OriginKind.File, path),
            single ? null : "is not a single value. Give a text, a number, true or false."
        );
    }

    // A lone surrogate is the only string that GetString can't decode.
    private static string Text(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return element.GetRawText();
        }
    }
}
