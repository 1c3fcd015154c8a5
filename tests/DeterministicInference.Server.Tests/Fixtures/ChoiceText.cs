using System.Text.Json.Nodes;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>The content of a choice, the same for JSON and streams; equal if text, tokens and end are equal.</summary>
internal sealed record ChoiceText(string Text, string TokenIds, string Finish)
{
    /// <summary>The choices of a JSON answer.</summary>
    public static IReadOnlyList<ChoiceText> Of(JsonObject answer) =>
        [
            .. answer["choices"]!
                .AsArray()
                .Select(choice => new ChoiceText(
                    (string)(choice!["text"] ?? choice["message"]!["content"])!,
                    Ids(choice["token_ids"]),
                    (string)choice["finish_reason"]!
                )),
        ];

    /// <summary>The choices of a stream's chunks.</summary>
    public static IReadOnlyList<ChoiceText> Of(IReadOnlyList<JsonObject> chunks)
    {
        var choices = new SortedDictionary<int, (string Text, List<string> Ids, string Finish)>();
        foreach (JsonNode choice in chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).OfType<JsonNode>())
        {
            int index = (int)choice["index"]!;
            (string text, List<string> ids, string finish) = choices.GetValueOrDefault(index, ("", [], ""));
            if (Ids(choice["token_ids"]) is { Length: > 0 } more)
                ids.Add(more);
            choices[index] = (text + TextOf(choice), ids, (string?)choice["finish_reason"] ?? finish);
        }
        return
        [
            .. choices.Values.Select(choice => new ChoiceText(
                choice.Text,
                string.Join(',', choice.Ids),
                choice.Finish
            )),
        ];
    }

    /// <summary>The text of one chunk's choice.</summary>
    public static string TextOf(JsonNode choice) => (string?)(choice["text"] ?? choice["delta"]?["content"]) ?? "";

    private static string Ids(JsonNode? ids) =>
        ids is null ? "" : string.Join(',', ids.AsArray().Select(id => (int)id!));
}
