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

    /// <summary>The version; null if the answer names none, or one that is too long for a statement.</summary>
    public static string? In(scoped in AnswerReading answer)
    {
        foreach (ref readonly AnswerPart part in answer.Parts)
        {
            if (part.Kind == AnswerPartKind.Unbound && answer.Json[part.Start..].StartsWith("\"metadata\""u8))
                return Read(answer.Json[part.Value]);
        }
        return null;
    }

    private static string? Read(ReadOnlySpan<byte> metadata)
    {
        if (metadata[0] != '{' || metadata.Length > LongestMetadata)
            return null;
        using JsonDocument document = JsonDocument.Parse(
            metadata.ToArray(),
            new JsonDocumentOptions { MaxDepth = AnswerReader.MaxDepth }
        );
        if (
            !document.RootElement.TryGetProperty("weight_version"u8, out JsonElement version)
            || version.ValueKind != JsonValueKind.String
        )
            return null;
        try
        {
            string text = version.GetString()!;
            return JsonText.QuoteBytes(text).Length <= RequestPins.MaxBytes ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }
}
