using System.Runtime.InteropServices;
using System.Text.Json;
using DeterministicInference.Receipts.Tokens;

namespace DeterministicInference.Receipts.Verification;

/// <summary>
/// The texts of tokens, for people: from log-probabilities, or from an event that has one token and a text. Only what an answer says is
/// known; a choice whose texts don't match its ids in number has none.
/// </summary>
internal sealed class TokenTexts
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = Output.OutputHasher.MaxDepth };

    private readonly Dictionary<int, List<string?>> choices = [];

    /// <summary>Adds an answer or event whose JSON has been checked.</summary>
    public void Append(ReadOnlySpan<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(Canonical.CanonicalJson.WithoutMark(json).ToArray(), Options);
        if (!document.RootElement.TryGetProperty("choices", out JsonElement list) || list.ValueKind != JsonValueKind.Array) return;
        int position = 0;
        foreach (JsonElement choice in list.EnumerateArray())
        {
            int index = Member(choice, "index") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int given) ? given : position;
            (CollectionsMarshal.GetValueRefOrAddDefault(choices, index, out _) ??= []).AddRange(Of(choice));
            position++;
        }
    }

    /// <param name="place">Of the token.</param>
    /// <param name="count">Tokens of its choice.</param>
    public string? At(TokenPlace place, int count) =>
        choices.TryGetValue(place.Choice, out List<string?>? texts) && texts.Count == count && place.Token < count ? texts[place.Token] : null;

    private static IEnumerable<string?> Of(JsonElement choice)
    {
        int ids = Member(choice, "token_ids") is { ValueKind: JsonValueKind.Array } array ? array.GetArrayLength() : 0;
        string?[] scored = [.. Scored(choice)];
        if (scored.Length > 0 && (ids == 0 || scored.Length == ids)) return scored;
        if (ids != 1) return Enumerable.Repeat<string?>(null, ids);
        JsonElement? text = Member(choice, "text") ?? (Member(choice, "delta") is { } delta ? Member(delta, "content") : null);
        return [Text(text) is { Length: > 0 } only ? only : null];
    }

    private static IEnumerable<string?> Scored(JsonElement choice)
    {
        if (Member(choice, "logprobs") is not { } logprobs) return [];
        if (Member(logprobs, "content") is { ValueKind: JsonValueKind.Array } entries) return entries.EnumerateArray().Select(entry => Text(Member(entry, "token")));
        return Member(logprobs, "tokens") is { ValueKind: JsonValueKind.Array } tokens ? tokens.EnumerateArray().Select(token => Text(token)) : [];
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) ? value : null;

    private static string? Text(JsonElement? value)
    {
        try
        {
            return value is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair.
            return null;
        }
    }
}
