using System.Text.Json;
using static DeterministicInference.Receipts.Tests.Answers.SecondJson;

namespace DeterministicInference.Receipts.Tests.Answers;

/// <summary>
/// The characters at which some clients cut lines may stand, as they are, in what is bound of an event and nowhere
/// else.
/// </summary>
internal static class SecondBreaks
{
    private static readonly string[] Texts =
    [
        "text",
        "finish_reason",
        "role",
        "content",
        "reasoning_content",
        "reasoning",
        "refusal",
        "name",
        "arguments",
        "input",
    ];

    /// <param name="answer">An event, an object.</param>
    public static void Require(JsonElement answer)
    {
        if (Count(answer.GetRawText()) > Bound(answer, ""))
            throw new NoFormException("a line break of some clients outside of the text");
    }

    private static int Count(string text) => text.Count(character => character is '\u0085' or '\u2028' or '\u2029');

    /// <summary>How many stand in what is bound.</summary>
    private static int Bound(JsonElement value, string of) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => value.EnumerateObject().Sum(member => Bound(member, of)),
            JsonValueKind.Array => value.EnumerateArray().Sum(item => Bound(item, of)),
            _ => 0,
        };

    private static int Bound(JsonProperty member, string of)
    {
        string name = Unescape(RawName(member));
        JsonElement value = member.Value;
        bool isWhole = (of, name) switch
        {
            ("", "model") => true,
            ("" or "usage" or "sglext", _) => false,
            ("choice", "index" or "token_ids" or "response_token_ids" or "prompt_token_ids" or "logprobs") => false,
            ("message", "parsed") or ("tool", "id" or "type" or "index") => false,
            ("function", _) => Texts.Contains(name),
            ("logprobs" or "entry" or "alternative", _) => false,
            ("choice", "delta") or ("message", "function_call" or "tool_calls") => false,
            ("tool", "function" or "custom") => false,
            // A text, or a member that is not read, which is bound with its name unless it is empty.
            _ => Texts.Contains(name) || CanonicalText(value) is not ("null" or "\"\"" or "[]" or "{}"),
        };
        if (isWhole)
            return Count(RawName(member)) + Count(value.GetRawText());
        return (of, name) switch
        {
            ("", "choices") => Bound(value, "choice"),
            ("choice", "delta") => Bound(value, "message"),
            ("choice", "logprobs") => Bound(value, "logprobs"),
            ("message", "function_call") or ("tool", "function" or "custom") => Bound(value, "function"),
            ("message", "tool_calls") => Bound(value, "tool"),
            ("logprobs", "content" or "refusal") => Bound(value, "entry"),
            ("logprobs", "tokens") or ("entry" or "alternative", "token") => Count(value.GetRawText()),
            ("logprobs", "top_logprobs") => value.ValueKind == JsonValueKind.Array
                ? value.EnumerateArray().Where(IsObject).SelectMany(item => item.EnumerateObject()).Sum(CountOfName)
                : 0,
            ("entry", "top_logprobs") => Bound(value, "alternative"),
            _ => 0,
        };
    }

    private static bool IsObject(JsonElement value) => value.ValueKind == JsonValueKind.Object;

    private static int CountOfName(JsonProperty member) => Count(RawName(member));
}
