using System.Text.Json;
using DeterministicInference.Receipts.Answers;
using DeterministicInference.Receipts.Canonical;
using DeterministicInference.Receipts.Json;

namespace DeterministicInference.Server.Receipts.Issuing;

/// <summary>
/// The version of the weights that an answer names: SGLang's <c>metadata.weight_version</c>, which is set together with
/// new weights (sgl-project/sglang@8905cbd, python/sglang/srt/entrypoints/openai/serving_chat.py).
/// </summary>
internal static class WeightVersion
{
    /// <summary>Most bytes of the object; SGLang's has a hundred, and more for each change within one answer.</summary>
    private const int LongestMetadata = 16_384;

    /// <summary>
    /// The versions: the one at the answer's end, and earlier ones of an answer during which weights were exchanged.
    /// None if the answer names none that a statement can hold.
    /// </summary>
    public static IReadOnlyList<string> In(scoped in AnswerReading answer)
    {
        foreach (ref readonly AnswerPart part in answer.Parts)
        {
            if (part.Kind == AnswerPartKind.Unbound && answer.Json[part.Start..].StartsWith("\"metadata\""u8))
                return Read(answer.Json[part.Value]);
        }
        return [];
    }

    private static List<string> Read(ReadOnlySpan<byte> metadata)
    {
        if (metadata[0] != '{' || metadata.Length > LongestMetadata)
            return [];
        using JsonDocument document = JsonDocument.Parse(
            metadata.ToArray(),
            new JsonDocumentOptions { MaxDepth = AnswerReader.MaxDepth }
        );
        var versions = new List<string>();
        Add(document.RootElement);
        if (
            document.RootElement.TryGetProperty("weight_versions"u8, out JsonElement parts)
            && parts.ValueKind == JsonValueKind.Array
        )
        {
            foreach (JsonElement part in parts.EnumerateArray())
                Add(part, "version");
        }
        return versions;

        void Add(JsonElement holder, string name = "weight_version")
        {
            if (
                holder.ValueKind == JsonValueKind.Object
                && holder.TryGetProperty(name, out JsonElement version)
                && Text(version) is { } text
                && !versions.Contains(text)
            )
                versions.Add(text);
        }
    }

    private static string? Text(JsonElement version)
    {
        try
        {
            return
                version.ValueKind == JsonValueKind.String
                && version.GetString() is { } text
                && JsonText.QuoteBytes(text).Length <= RequestPins.MaxBytes
                ? text
                : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }
}
