using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Values of a JSON answer: other texts, other types, other counts, and how it is written.</summary>
internal static class ValueAlterations
{
    private const string Content = "choices[0].message.content",
        Finish = "choices[0].finish_reason";

    public static IReadOnlyList<Alteration> All { get; } =
    [
        // Texts
        new("another text", "chat", Set(Content, "\"Paris is Rome.\"")),
        new("a space behind the text", "chat", Set(Content, "\"Paris is not Rome. \"")),
        new("U+FFFD behind the text", "chat", Set(Content, "\"Paris is not Rome.\ufffd\"")),
        new("two U+FFFD behind the text", "chat", Set(Content, "\"Paris is not Rome.\ufffd\ufffd\"")),
        new("half of a pair behind the text", "chat", Set(Content, @"""Paris is not Rome.\ud83d""")),
        new("the second half of a pair behind the text", "chat", Set(Content, @"""Paris is not Rome.\udc4d""")),
        new("U+FFFD behind a unicode text", "chat-unicode", Set(Content, "\"Zu\u0308rich\u2028 🇨🇭👍\ufffd\"")),
        new("another normal form", "chat-unicode", Set(Content, "\"Z\u00fcrich\u2028 🇨🇭👍\"")),
        new("U+FFFD as the reasoning", "chat", Add("choices[0].message", "reasoning", "\"\ufffd\"")),
        new("U+FFFD as the refusal", "chat", Add("choices[0].message", "refusal", "\"\ufffd\"")),
        new("half of a pair as the text of a choice", "chat", Add("choices[0]", "text", @"""\ud83d""")),
        new("U+FFFD behind the text of a completion", "completion", Set("choices[0].text", "\"Paris.\ufffd\"")),
        new(
            "U+FFFD behind arguments",
            "chat-function",
            Set("choices[0].message.function_call.name", "\"weather\ufffd\"")
        ),
        new("U+FFFD behind the finish", "chat", Set(Finish, "\"stop\ufffd\"")),
        new("a null byte in the text", "chat", Set(Content, @"""Paris is not Rome.\u0000""")),
        new("escapes in the text (control)", "chat", Set(Content, @"""P\u0061ris is not Rome.""")),
        // Types
        new("content is an array of parts", "chat", Set(Content, """[{"type":"text","text":"Paris is not Rome."}]""")),
        new("content is an object", "chat", Set(Content, """{"text":"Paris is not Rome."}""")),
        new("content is null", "chat", Set(Content, "null")),
        new(
            "content that was the text of an object is one",
            "chat-json-mode",
            Set(Content, """{"city":"Paris","n":1}""")
        ),
        new(
            "content that was the text of parts is parts",
            "chat-json-parts",
            Set(Content, """[{"type":"text","text":"Paris"}]""")
        ),
        new("content that was the text of a number is one", "chat-number", Set(Content, "7")),
        new("content that was the text of a number is 7.0", "chat-number", Set(Content, "7.0")),
        new("content is true", "chat-number", Set(Content, "true")),
        new("content is in an array", "chat-number", Set(Content, "[\"7\"]")),
        new("refusal is an object", "chat-refusal", Set("choices[0].message.refusal", "{}")),
        new("reasoning is false", "chat", Add("choices[0].message", "reasoning", "false")),
        new("reasoning is a number", "chat", Add("choices[0].message", "reasoning", "0")),
        new("a text is a number", "completion", Set("choices[0].text", "7")),
        new("message is a text", "chat", Set("choices[0].message", "\"EVIL\"")),
        new("message is an array", "chat", Set("choices[0].message", "[]")),
        new("role is an object", "chat", Set("choices[0].message.role", "{}")),
        new("model is an object", "chat", Set("model", "{}")),
        new("usage is a text", "chat", Set("usage", "\"EVIL\"")),
        new("usage is an array", "chat", Set("usage", "[1]")),
        // The finish
        new("another finish", "chat", Set(Finish, "\"length\"")),
        new("the finish is null", "chat", Set(Finish, "null")),
        new("the finish is empty", "chat", Set(Finish, "\"\"")),
        new("the finish is gone", "chat", Drop(Finish)),
        new("the finish is an object", "chat", Set(Finish, "{}")),
        new(
            "the finish stands in the message",
            "chat",
            Drop(Finish),
            Add("choices[0].message", "finish_reason", "\"stop\"")
        ),
        new("the finish of one choice of two", "chat-n2", Set("choices[1].finish_reason", "null")),
        // Counts and names
        new("more completion_tokens", "chat", Set("usage.completion_tokens", "250000")),
        new("fewer completion_tokens", "chat", Set("usage.completion_tokens", "1")),
        new("more prompt_tokens", "chat", Set("usage.prompt_tokens", "250000")),
        new("more total_tokens", "chat", Set("usage.total_tokens", "250000")),
        new("completion_tokens is a text", "chat", Set("usage.completion_tokens", "\"9\"")),
        new("no usage", "chat", Drop("usage")),
        new("usage is empty", "chat", Set("usage", "{}")),
        new("usage is null", "chat", Set("usage", "null")),
        new("another model", "chat", Set("model", "\"gpt-4o\"")),
        new("no model", "chat", Drop("model")),
        new("the model is the requested one", "chat", Set("model", "\"gpt\"")),
        new("another model of a completion", "completion", Set("model", "\"gpt-4o\"")),
        // Log-probabilities
        new("another number", "chat-logprobs", Set("choices[0].logprobs.content[0].logprob", "-0.2500001")),
        new("another token", "chat-logprobs", Set("choices[0].logprobs.content[0].token", "\"Rome\"")),
        new(
            "another alternative",
            "chat-logprobs",
            Set("choices[0].logprobs.content[0].top_logprobs[0].token", "\"Rome\"")
        ),
        new("a token of log-probabilities gone", "chat-logprobs", Drop("choices[0].logprobs.content[1]")),
        new("log-probabilities gone", "chat-logprobs", Drop("choices[0].logprobs")),
        new("log-probabilities are null", "chat-logprobs", Set("choices[0].logprobs", "null")),
        new("log-probabilities stand in the message", "chat-logprobs", Rename("choices[0].logprobs", "log_probs")),
        new(
            "log-probabilities of a refusal",
            "chat-logprobs",
            Set("choices[0].logprobs.refusal", """[{"token":"no","logprob":-1}]""")
        ),
        new(
            "tokens move to the refusal",
            "chat-logprobs",
            Rename("choices[0].logprobs.refusal", "x"),
            Rename("choices[0].logprobs.content", "refusal")
        ),
        new("parallel arrays beside content", "chat-logprobs", Add("choices[0].logprobs", "tokens", "[\"EVIL\"]")),
        new(
            "content beside parallel arrays",
            "completion-n2-logprobs",
            Add("choices[0].logprobs", "content", """[{"token":"EVIL","logprob":-1}]""")
        ),
        new(
            "content becomes parallel arrays",
            "chat-logprobs",
            Set(
                "choices[0].logprobs",
                """{"tokens":["Paris"," is not Rome."],"token_logprobs":[-0.25,-1.5],"top_logprobs":[{"Paris":-0.25},{" was":-2}]}"""
            )
        ),
        new("a null number becomes NaN", "completion-n2-logprobs", Set("choices[0].logprobs.token_logprobs[0]", "NaN")),
        new(
            "an alternative of null becomes an object",
            "completion-n2-logprobs",
            Set("choices[0].logprobs.top_logprobs[0]", "{}")
        ),
        new(
            "half of a pair in a token",
            "completion-n2-logprobs",
            Set("choices[0].logprobs.tokens[1]", @"""s\ud83d""")
        ),
        new("token_logprobs are gone", "completion-n2-logprobs", Drop("choices[0].logprobs.token_logprobs")),
        // How it is written
        new("white space (control)", "chat", Replace("{\"index\"", " \n{\t\"index\"")),
        new("another order of members (control)", "chat", Drop("id"), Add("", "id", "\"x\"")),
        new("a byte order mark (control)", "chat", Text(text => "\ufeff" + text)),
        new("text behind the answer", "chat", Text(text => text + "EVIL")),
        new("a second answer behind it", "chat", Text(text => text + """{"choices":[]}""")),
        new("white space behind it (control)", "chat", Text(text => text + "\n\n")),
        new("the answer in an array", "chat", Text(text => $"[{text}]")),
        new("an event before the answer", "chat", Text(text => $"data: {{}}\n\n{text}")),
    ];
}
