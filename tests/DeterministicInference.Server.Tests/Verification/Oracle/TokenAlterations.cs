using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Token ids of answers and prompts: others, fewer, unreadable, twice, by another way.</summary>
internal static class TokenAlterations
{
    private const string Ids = "choices[0].token_ids",
        Prompt = "prompt_token_ids",
        Extension = "sglext.output_ids";

    public static IReadOnlyList<Alteration> All { get; } =
    [
        new("other ids", "chat-ids", Set(Ids, "[11,12,13,15]")),
        new("fewer ids", "chat-ids", Set(Ids, "[1,2,3]")),
        new("more ids", "chat-ids", Append(Ids, "15")),
        new("a negative id", "chat-ids", Append(Ids, "-1")),
        new("an id of another spelling", "chat-ids", Set($"{Ids}[3]", "14.0")),
        new("an id that is a text", "chat-ids", Set($"{Ids}[3]", "\"14\"")),
        new("an id that is null", "chat-ids", Append(Ids, "null")),
        new("ids are a text", "chat-ids", Set(Ids, "\"EVIL\"")),
        new("ids are an object", "chat-ids", Set(Ids, "{}")),
        new("ids are empty", "chat-ids", Set(Ids, "[]")),
        new("ids are null", "chat-ids", Set(Ids, "null")),
        new("ids are gone", "chat-ids", Drop(Ids)),
        new("ids twice, the false ones first", "chat-ids", Before(Ids, "[1]")),
        new("ids twice, the false ones last", "chat-ids", After(Ids, "[1]")),
        new("ids by the other name", "chat-ids", Rename(Ids, "response_token_ids")),
        new("ids by both names", "chat-ids", Add("choices[0]", "response_token_ids", "[1,2]")),
        new("other ids by another way", "chat-ids", Add("", "sglext", """{"output_ids":[[1,2]]}""")),
        new("Token_Ids beside token_ids", "chat-ids", Add("choices[0]", "Token_Ids", "[1]")),
        new("more completion_tokens than ids", "chat-ids", Set("usage.completion_tokens", "5")),
        new("fewer completion_tokens than ids", "chat-ids", Set("usage.completion_tokens", "1")),
        new("completion_tokens above 2⁶³", "chat-ids", Set("usage.completion_tokens", "99999999999999999999")),
        new("more completion_tokens and other ids", "chat-ids", Set("usage.completion_tokens", "5"), Set(Ids, "[1,2]")),
        new("more prompt_tokens than ids", "chat-ids", Set("usage.prompt_tokens", "5")),
        new("other prompt ids", "chat-ids", Set(Prompt, "[1,2,4]")),
        new("a prompt id that is a text", "chat-ids", Set($"{Prompt}[0]", "\"x\"")),
        new("prompt ids are an object", "chat-ids", Set(Prompt, "{}")),
        new("prompt ids are null", "chat-ids", Set(Prompt, "null")),
        new("prompt ids are gone", "chat-ids", Drop(Prompt)),
        new("prompt ids twice", "chat-ids", Before(Prompt, "[9]")),
        new("second prompt ids in the choice", "chat-ids", Add("choices[0]", "prompt_token_ids", "[9]")),
        new("second prompt ids in sglext", "chat-ids", Add("", "sglext", """{"input_ids":[9]}""")),
        new(
            "a partial report hides other ids",
            "chat-ids",
            Set(Ids, "[9]"),
            Add("choices[0]", "response_token_ids", "[]")
        ),
        new("other ids in sglext", "chat-sglext", Set(Extension, "[[1,2]]")),
        new("an id in sglext that is a text", "chat-sglext", Set($"{Extension}[0][3]", "\"14\"")),
        new("ids in sglext for a second choice", "chat-sglext", Append(Extension, "[1,2]")),
        new("sglext twice", "chat-sglext", Before("sglext", """{"output_ids":[[1]]}""")),
        new("sglext is gone", "chat-sglext", Drop("sglext")),
        new("other input ids in sglext", "chat-sglext", Set("sglext.input_ids", "[9]")),
        new("other prompt ids beside sglext", "chat-sglext", Add("", "prompt_token_ids", "[9]")),
        new("other ids in the choice beside sglext", "chat-sglext", Add("choices[0]", "token_ids", "[1,2]")),
        new("other ids in an event", "stream-ids", Set("e2:choices[0].token_ids", "[99]")),
        new("an unreadable id in an event", "stream-ids", Set("e2:choices[0].token_ids", "[\"x\"]")),
        new("ids by the other name in an event", "stream-ids", Rename("e2:choices[0].token_ids", "response_token_ids")),
        new("no ids in an event", "stream-ids", Drop("e2:choices[0].token_ids")),
        new(
            "no ids in an event, other ones in the rest",
            "stream-ids",
            Drop("e2:choices[0].token_ids"),
            Set("e3:choices[0].token_ids", "[99]")
        ),
        new("second prompt ids in an event", "stream-ids", Add("e3:", "prompt_token_ids", "[9]")),
        new("ids of sglext in a stream of ids", "stream-ids", Add("e6:", "sglext", """{"output_ids":[[9]]}""")),
        new("other ids in sglext of a stream", "stream-sglext", Set("e7:sglext.output_ids", "[[9,9,9,9]]")),
        new("fewer ids in sglext of a stream", "stream-sglext", Set("e7:sglext.output_ids", "[[9]]")),
        new("ids in a choice of a stream of sglext", "stream-sglext", Add("e2:choices[0]", "token_ids", "[9]")),
    ];
}
