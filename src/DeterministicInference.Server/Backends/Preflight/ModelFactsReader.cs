using System.Text.Json;
using System.Text.RegularExpressions;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Backends.Preflight;

/// <summary>Reads <see cref="ModelFacts"/> from the disk. A file that can't be read says nothing; the engine will say why.</summary>
internal static partial class ModelFactsReader
{
    private const string Gguf = ".gguf";

    private static readonly string[] ExpertCounts = ["num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts"];

    /// <param name="options">The model's path, and the engine's arguments, which may name another template.</param>
    public static ModelFacts Read(InferenceOptions options)
    {
        if (options.ModelPath is not { } path) return new ModelFacts();
        bool isFolder = Directory.Exists(path);
        // Anything else is a name on the hub.
        bool isPath = path[0] is '/' or '.' or '~' || isFolder || File.Exists(path);
        if (!isPath) return new ModelFacts { TemplateUsesClock = ChatTemplateClock.IsIn(null, options.BackendArguments) };
        (IReadOnlyList<string> architectures, bool isMixture) = isFolder ? ReadConfig(Path.Combine(path, "config.json")) : ([], false);
        return new ModelFacts
        {
            IsMissing = !isFolder && !File.Exists(path),
            IsFolder = isFolder,
            Architectures = architectures,
            IsMixtureOfExperts = isMixture,
            GgufFiles = GgufFilesOf(path),
            TemplateUsesClock = ChatTemplateClock.IsIn(path, options.BackendArguments),
        };
    }

    /// <summary>See <see cref="ModelFacts.GgufFiles"/>.</summary>
    public static IReadOnlyList<string> GgufFilesOf(string path) =>
        Directory.Exists(path) ? FilesIn(path) : File.Exists(path) && path.EndsWith(Gguf, StringComparison.OrdinalIgnoreCase) ? [path] : [];

    private static (IReadOnlyList<string> Architectures, bool IsMixture) ReadConfig(string file)
    {
        try
        {
            using JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(file));
            JsonElement root = config.RootElement;
            string[] architectures = root.TryGetProperty("architectures", out JsonElement list) ? [.. list.EnumerateArray().Select(name => name.GetString() ?? "")] : [];
            return (architectures, CountsExperts(root) || (root.TryGetProperty("text_config", out JsonElement text) && CountsExperts(text)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return ([], false);
        }
    }

    private static bool CountsExperts(JsonElement config) =>
        config.ValueKind == JsonValueKind.Object
        && ExpertCounts.Any(name => config.TryGetProperty(name, out JsonElement count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out int number) && number > 1);

    private static string[] FilesIn(string folder)
    {
        try
        {
            return [.. Directory.GetFiles(folder)
                .Where(file => file.EndsWith(Gguf, StringComparison.OrdinalIgnoreCase) && !LaterPart().IsMatch(file) && !IsProjector(file))
                .Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>The image encoder that lies beside a multimodal model is no model by itself.</summary>
    private static bool IsProjector(string file) => Path.GetFileName(file).StartsWith("mmproj", StringComparison.OrdinalIgnoreCase);

    // model-00002-of-00005.gguf: the first part leads to the others.
    [GeneratedRegex(@"-(?!00001-)\d{5}-of-\d{5}\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LaterPart();
}
