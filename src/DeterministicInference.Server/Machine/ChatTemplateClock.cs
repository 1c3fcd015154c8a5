using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Machine;

/// <summary>
/// Finds out whether a chat template uses the current time, as those of Llama 3.2, gpt-oss or Granite do: the same
/// messages then give another prompt tomorrow.
/// </summary>
internal static partial class ChatTemplateClock
{
    /// <summary>
    /// Metadata stands at the beginning of a GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): the
    /// vocabulary, then the template. The largest vocabularies take some 20 MiB.
    /// </summary>
    private const int GgufMetadata = 64 << 20,
        Piece = 1 << 20;

    private static ReadOnlySpan<byte> ClockName => "strftime_now"u8;

    /// <param name="model">The model's folder or file; null if it is not on this machine.</param>
    /// <param name="template">
    /// A template, or the file of one, that is used instead of the model's; null for the model's.
    /// </param>
    public static bool IsIn(string? model, string? template)
    {
        try
        {
            if (template is not null)
                return Clock().IsMatch(File.Exists(template) ? File.ReadAllText(template) : template);
            if (model is null)
                return false;
            if (Directory.Exists(model))
                return TemplatesIn(model).Any(text => Clock().IsMatch(text));
            return File.Exists(model) && IsInFile(model);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static IEnumerable<string> TemplatesIn(string folder)
    {
        foreach (string file in Directory.GetFiles(folder, "*.jinja"))
            yield return File.ReadAllText(file);
        foreach (string name in (string[])["chat_template.json", "tokenizer_config.json"])
        {
            string file = Path.Combine(folder, name);
            if (!File.Exists(file))
                continue;
            foreach (string template in TemplatesOf(File.ReadAllBytes(file)))
                yield return template;
        }
    }

    /// <summary>The member is a template, or a list of named ones.</summary>
    private static List<string> TemplatesOf(byte[] json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (
                document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("chat_template", out JsonElement template)
            )
                return [];
            return template.ValueKind == JsonValueKind.Array
                ? [.. template.EnumerateArray().Select(named => named.GetProperty("template").GetString() ?? "")]
                : [template.GetString() ?? ""];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }

    private static bool IsInFile(string file)
    {
        using FileStream stream = File.OpenRead(file);
        var buffer = new byte[Piece + ClockName.Length];
        int kept = 0;
        for (int read = 0; read < GgufMetadata; read += Piece)
        {
            int count = stream.ReadAtLeast(buffer.AsSpan(kept, Piece), Piece, throwOnEndOfStream: false);
            Span<byte> seen = buffer.AsSpan(0, kept + count);
            if (seen.IndexOf(ClockName) >= 0)
                return true;
            if (count < Piece)
                return false;
            // The name may be split between two pieces.
            kept = ClockName.Length - 1;
            seen[^kept..].CopyTo(buffer);
        }
        return false;
    }

    [GeneratedRegex(@"\bstrftime_now\b|\bnow\(", RegexOptions.CultureInvariant)]
    private static partial Regex Clock();
}
