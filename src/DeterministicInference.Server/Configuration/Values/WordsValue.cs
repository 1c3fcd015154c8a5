using System.Text.Json;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Configuration.Values;

/// <summary>Words of a command line: a JSON array of strings, or words between spaces.</summary>
/// <param name="placeholder">Placeholder for the words in help.</param>
internal class WordsValue(string placeholder) : ValueKind<IReadOnlyList<string>>
{
    private const string Complaint =
        "is not a list of words. Give words between spaces or, where a word has spaces or quotes, a JSON array of "
        + "strings.";

    public override string Placeholder => placeholder;

    public override bool IsList => true;

    public override string? Read(string text, out IReadOnlyList<string> value)
    {
        value = [];
        if (!text.AsSpan().TrimStart().StartsWith('['))
        {
            if (text.AsSpan().ContainsAny('"', '\'', '\\'))
                return Complaint;
            value = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            return null;
        }
        try
        {
            using JsonDocument array = JsonDocument.Parse(text);
            // GetString throws for other kinds, and for a lone surrogate.
            value =
            [
                .. array.RootElement.EnumerateArray().Select(word => word.GetString() ?? throw new JsonException()),
            ];
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Complaint;
        }
    }

    public override string Write(IReadOnlyList<string> value)
    {
        bool plain = value.All(word =>
            word.Length > 0 && word[0] != '[' && !word.Any(c => char.IsWhiteSpace(c) || c is '"' or '\'' or '\\')
        );
        return plain ? string.Join(' ', value) : Array(value);
    }

    /// <summary>Secrets are recognised by the names of their flags.</summary>
    public override string Redact(string text) =>
        Read(text, out IReadOnlyList<string> words) is null
            ? Write(SecretArguments.Redact(words))
            : SecretArguments.Mask;

    /// <summary>Writes the words as a JSON array, which reads back unchanged whatever they contain.</summary>
    public static string Array(IEnumerable<string> words) =>
        JsonBytes.WriteText(json =>
        {
            json.WriteStartArray();
            foreach (string word in words)
                json.WriteStringValue(word);
            json.WriteEndArray();
        });
}
