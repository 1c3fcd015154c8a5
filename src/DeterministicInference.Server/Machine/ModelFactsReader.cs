using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// Reads <see cref="ModelFacts"/> from the disk. Unreadable files are ignored here; the engine reports them.
/// </summary>
internal static partial class ModelFactsReader
{
    private const string Gguf = ".gguf";

    private static readonly string[] ExpertCounts =
    [
        "num_experts",
        "num_local_experts",
        "n_routed_experts",
        "moe_num_experts",
    ];

    /// <param name="path">The model's path, or its name on the hub; null for none.</param>
    /// <param name="template">A chat template, or its file, that replaces the model's; else null.</param>
    public static ModelFacts Read(string? path, string? template)
    {
        if (path is null)
            return new ModelFacts();
        bool isFolder = Directory.Exists(path);
        // Anything else is the name of a hub model.
        bool isPath = path[0] is '/' or '.' or '~' || isFolder || File.Exists(path);
        if (!isPath)
            return new ModelFacts { TemplateUsesClock = ChatTemplateClock.IsIn(null, template) };
        (IReadOnlyList<string> architectures, bool isMixture) = isFolder
            ? ReadConfig(Path.Combine(path, "config.json"))
            : ([], false);
        return new ModelFacts
        {
            IsMissing = !isFolder && !File.Exists(path),
            Exists = isFolder || File.Exists(path),
            IsFolder = isFolder,
            FolderProblem = FindFolderProblem(path),
            Architectures = architectures,
            IsMixtureOfExperts = isMixture,
            GgufFiles = GgufFilesOf(path),
            Quantization = isFolder ? ReadQuantization(path) : null,
            TemplateUsesClock = ChatTemplateClock.IsIn(path, template),
        };
    }

    /// <summary>What is no folder of this form, a GGUF file for one, an engine may load in another way.</summary>
    private static string? FindFolderProblem(string path)
    {
        if (!Directory.Exists(path))
            return File.Exists(path) && GgufFilesOf(path).Count == 0
                ? "is a file, not a folder. Give the folder with config.json, the weights and the tokenizer."
                : null;
        string config = Path.Combine(path, "config.json");
        // Mistral's own form has params.json instead.
        if (!File.Exists(config))
            return File.Exists(Path.Combine(path, "params.json")) || GgufFilesOf(path).Count > 0
                ? null
                : "has no config.json. Give the folder of a model, with config.json, the weights and the tokenizer.";
        try
        {
            // Python also reads NaN and Infinity, which some models have.
            return File.ReadAllText(config).Trim() is ['{', .., '}']
                ? null
                : "has a config.json that is no JSON object. Download the file again.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "has a config.json that can't be read. Make it readable for the user that runs the server.";
        }
    }

    /// <summary>
    /// https://huggingface.co/docs/transformers/main_classes/quantization; NVIDIA's ModelOpt has a file of its own.
    /// </summary>
    private static string? ReadQuantization(string folder)
    {
        try
        {
            if (File.Exists(Path.Combine(folder, "hf_quant_config.json")))
                return "modelopt";
            string file = Path.Combine(folder, "config.json");
            if (!File.Exists(file))
                return null;
            using JsonDocument config = ParseConfig(file);
            return
                config.RootElement.ValueKind == JsonValueKind.Object
                && config.RootElement.TryGetProperty("quantization_config", out JsonElement quantization)
                && quantization.ValueKind == JsonValueKind.Object
                ? quantization.TryGetProperty("quant_method", out JsonElement method)
                && method.ValueKind == JsonValueKind.String
                    ? method.GetString()
                    : "quantization_config"
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>See <see cref="ModelFacts.GgufFiles"/>.</summary>
    public static IReadOnlyList<string> GgufFilesOf(string path) =>
        Directory.Exists(path) ? FilesIn(path)
        : File.Exists(path) && (path.EndsWith(Gguf, StringComparison.OrdinalIgnoreCase) || GgufFile.Is(path)) ? [path]
        : [];

    /// <summary>
    /// The later parts of a split model up to the first that is not there. llama.cpp finds them by the name of the
    /// first part (model-00001-of-00005.gguf; src/llama.cpp, llama_split_path).
    /// </summary>
    public static IReadOnlyList<string> LaterPartsOf(string file)
    {
        var parts = new List<string>();
        Match name = FirstPart().Match(file);
        int count = name.Success ? int.Parse(name.Groups["count"].Value, CultureInfo.InvariantCulture) : 0;
        for (int number = 2; number <= count && (number == 2 || File.Exists(parts[^1])); number++)
            parts.Add(
                string.Create(CultureInfo.InvariantCulture, $"{file[..name.Index]}-{number:D5}-of-{count:D5}.gguf")
            );
        return parts;
    }

    private static (IReadOnlyList<string> Architectures, bool IsMixture) ReadConfig(string file)
    {
        try
        {
            using JsonDocument config = ParseConfig(file);
            JsonElement root = config.RootElement;
            string[] architectures = root.TryGetProperty("architectures", out JsonElement list)
                ? [.. list.EnumerateArray().Select(name => name.GetString() ?? "")]
                : [];
            return (
                architectures,
                CountsExperts(root) || (root.TryGetProperty("text_config", out JsonElement text) && CountsExperts(text))
            );
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return ([], false);
        }
    }

    /// <summary>
    /// Python also writes and reads NaN and Infinity (https://docs.python.org/3/library/json.html), which some models
    /// have as limits; nothing that is read here is one.
    /// </summary>
    private static JsonDocument ParseConfig(string file) =>
        JsonDocument.Parse(PythonNumber().Replace(File.ReadAllText(file), "null"));

    private static bool CountsExperts(JsonElement config) =>
        config.ValueKind == JsonValueKind.Object
        && ExpertCounts.Any(name =>
            config.TryGetProperty(name, out JsonElement count)
            && count.ValueKind == JsonValueKind.Number
            && count.TryGetInt32(out int number)
            && number > 1
        );

    private static string[] FilesIn(string folder)
    {
        try
        {
            return
            [
                .. Directory
                    .GetFiles(folder)
                    .Where(file =>
                        file.EndsWith(Gguf, StringComparison.OrdinalIgnoreCase)
                        && !LaterPart().IsMatch(file)
                        && !IsProjector(file)
                    )
                    .Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Whether a file is the image encoder of a multimodal model, which is no model by itself.</summary>
    private static bool IsProjector(string file) =>
        Path.GetFileName(file).StartsWith("mmproj", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"(?<=[\[:,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])", RegexOptions.CultureInvariant)]
    private static partial Regex PythonNumber();

    [GeneratedRegex(@"-00001-of-(?<count>\d{5})\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex FirstPart();

    // model-00002-of-00005.gguf: llama.cpp finds the others by the first part.
    [GeneratedRegex(@"-(?!00001-)\d{5}-of-\d{5}\.gguf$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LaterPart();
}
