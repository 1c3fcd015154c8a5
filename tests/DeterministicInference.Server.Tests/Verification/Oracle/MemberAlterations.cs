using static DeterministicInference.Server.Tests.Verification.Oracle.Changes;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>Members of a JSON answer: added, doubled, respelled.</summary>
internal static class MemberAlterations
{
    private const string Message = "choices[0].message",
        Content = "choices[0].message.content",
        Evil = "\"EVIL\"",
        Error = """{"message":"EVIL","code":500}""",
        Links = """[{"type":"url_citation","url_citation":{"url":"https://evil.example"}}]""",
        Audio = """{"id":"a","transcript":"EVIL"}""",
        Logprobs = """{"content":[{"token":"EVIL","logprob":-0.1,"top_logprobs":[]}],"refusal":null}""";

    public static IReadOnlyList<Alteration> All { get; } =
    [
        // Doubled
        new("content twice, the false one first", "chat", Before(Content, Evil)),
        new("content twice, the false one last", "chat", After(Content, Evil)),
        new("content twice, one with an escape in its name, first", "chat", Before(Content, Evil, @"c\u006fntent")),
        new("content twice, one with an escape in its name, last", "chat", After(Content, Evil, @"c\u006fntent")),
        new("content twice, the false one is null and last", "chat", After(Content, "null")),
        new("content twice, the false one is empty and first", "chat", Before(Content, "\"\"")),
        new("message twice, the false one first", "chat", Before(Message, """{"content":"EVIL"}""")),
        new("message twice, the false one last", "chat", After(Message, """{"content":"EVIL"}""")),
        new(
            "message twice, one with an escape in its name",
            "chat",
            After(Message, """{"content":"EVIL"}""", @"\u006dessage")
        ),
        new("choices twice, the false ones first", "chat", Before("choices", "[]")),
        new("choices twice, the false ones last", "chat", After("choices", """[{"message":{"content":"EVIL"}}]""")),
        new("choices twice, one with an escape in its name", "chat", After("choices", "[]", @"choice\u0073")),
        new("finish_reason twice", "chat", Before("choices[0].finish_reason", "\"length\"")),
        new("text twice", "completion", Before("choices[0].text", Evil)),
        new("text twice, one with an escape in its name", "completion", After("choices[0].text", Evil, @"te\u0078t")),
        new("role twice, the false one first", "chat", Before($"{Message}.role", "\"system\"")),
        new("model twice", "chat", Before("model", "\"gpt-4o\"")),
        new("usage twice", "chat", Before("usage", """{"completion_tokens":9}""")),
        new("completion_tokens twice", "chat", Before("usage.completion_tokens", "9")),
        new("total_tokens twice", "chat", Before("usage.total_tokens", "9")),
        new("environment twice", "chat", Before("environment", Evil)),
        new("refusal twice", "chat-refusal", Before($"{Message}.refusal", Evil)),
        new("reasoning_content twice", "chat-reasoning", Before($"{Message}.reasoning_content", Evil)),
        new("logprobs twice", "chat-logprobs", Before("choices[0].logprobs", Logprobs)),
        new(
            "a token of log-probabilities twice",
            "chat-logprobs",
            Before("choices[0].logprobs.content[0].token", Evil)
        ),
        new(
            "a number of log-probabilities twice",
            "chat-logprobs",
            Before("choices[0].logprobs.content[0].logprob", "-9")
        ),
        new(
            "an alternative twice in a name",
            "completion-n2-logprobs",
            Add("choices[0].logprobs.top_logprobs[1]", "s", "-9")
        ),
        // In another case
        new("Content beside content", "chat", After(Content, Evil, "Content")),
        new("CONTENT before content", "chat", Before(Content, Evil, "CONTENT")),
        new("Choices beside choices", "chat", After("choices", """[{"message":{"content":"EVIL"}}]""", "Choices")),
        new("Message beside message", "chat", After(Message, """{"content":"EVIL"}""", "Message")),
        new("Index beside index", "chat", After("choices[0].index", "1", "Index")),
        new("Model beside model", "chat", After("model", "\"gpt-4o\"", "Model")),
        new("Role beside role", "chat", After($"{Message}.role", "\"system\"", "Role")),
        new("Usage beside usage", "chat", After("usage", """{"completion_tokens":9}""", "Usage")),
        new("Total_Tokens beside total_tokens", "chat", After("usage.total_tokens", "9", "Total_Tokens")),
        new("Annotations in another case", "chat", Add(Message, "ANNOTATIONS", Links)),
        new("Error with a capital", "chat", Add("", "Error", Error)),
        new(
            "to\\u212aen in log-probabilities",
            "chat-logprobs",
            Add("choices[0].logprobs.content[0]", "to\u212aen", Evil)
        ),
        new("re\\u017ffusal: a long s in a name", "chat", Add(Message, "refu\u017fal", Evil)),
        new("Type of a tool call in another case", "chat-tools", Add($"{Message}.tool_calls[0]", "Type", "\"custom\"")),
        // The answer
        new("an error in the answer", "chat", Add("", "error", Error)),
        new("an error in the answer, a text", "chat", Add("", "error", Evil)),
        new("an error in the answer, empty", "chat", Add("", "error", "{}")),
        new("an error in the answer, true", "chat", Add("", "error", "true")),
        new("the object is an error", "chat", Set("object", "\"error\""), Add("", "message", Evil)),
        new("citations in the answer", "chat", Add("", "citations", """["https://evil.example"]""")),
        new("sources in the answer", "chat", Add("", "sources", """["https://evil.example"]""")),
        new("annotations in the answer", "chat", Add("", "annotations", Links)),
        new("thinking in the answer", "chat", Add("", "thinking", Evil)),
        new("form in the answer", "chat", Add("", "form", "\"dis-bundle/2\"")),
        new(
            "form and its receipt in a false answer",
            "chat",
            Set(Content, Evil),
            Add("", "form", "\"dis-bundle/2\""),
            BesideChoices
        ),
        new("form and its receipt in the answer", "chat", Add("", "form", "\"dis-bundle/2\""), BesideChoices),
        new("form and a response in the answer", "chat", Add("", "form", "\"dis-bundle/2\""), AddResponse("json")),
        new("a response in the answer", "chat", AddResponse("json")),
        new("a response of events in the answer", "chat", AddResponse("sse")),
        new("a receipt in the answer", "chat", Add("", "receipt", """{"statement":"EVIL"}""")),
        new("a statement in the answer", "chat", Add("", "statement", Evil)),
        new(
            "receipt_id and statement in the answer",
            "chat",
            Add("", "receipt_id", "\"0\""),
            Add("", "statement", Evil)
        ),
        new(
            "a request in the answer",
            "chat",
            Add("", "request", """{"path":"/v1/x","body":"{\"messages\":\"EVIL\"}"}""")
        ),
        new("environment removed", "chat", Drop("environment")),
        new("another environment", "chat", Set("environment", Evil)),
        new(
            "an environment document in the answer",
            "chat",
            Set("environment", """{"class":"best-effort","reasons":["EVIL"]}""")
        ),
        // A choice
        new("an error in a choice", "chat", Add("choices[0]", "error", Error)),
        new("annotations in a choice", "chat", Add("choices[0]", "annotations", Links)),
        new("citations in a choice", "chat", Add("choices[0]", "citations", """["https://evil.example"]""")),
        new("thinking in a choice", "chat", Add("choices[0]", "thinking", Evil)),
        new("audio in a choice", "chat", Add("choices[0]", "audio", Audio)),
        new("a text in a choice of a chat", "chat", Add("choices[0]", "text", Evil)),
        new(
            "a message in a choice of a completion",
            "completion",
            Add("choices[0]", "message", """{"content":"EVIL"}""")
        ),
        new("a delta in a choice of a JSON answer", "chat", Add("choices[0]", "delta", """{"content":"EVIL"}""")),
        new("a delta beside tool calls", "chat-tools", Add("choices[0]", "delta", """{"content":"EVIL"}""")),
        new("log-probabilities that nobody asked for", "chat", Add("choices[0]", "logprobs", Logprobs)),
        new(
            "log-probabilities of a completion that nobody asked for",
            "completion",
            Add("choices[0]", "logprobs", """{"tokens":["EVIL"],"token_logprobs":[-1]}""")
        ),
        new("token ids that nobody asked for", "chat", Add("choices[0]", "token_ids", "[1,2]")),
        new("prompt ids that nobody asked for", "chat", Add("", "prompt_token_ids", "[1,2]")),
        new("response_token_ids that nobody asked for", "chat", Add("choices[0]", "response_token_ids", "[1,2]")),
        new("sglext that nobody asked for", "chat", Add("", "sglext", """{"output_ids":[[1,2]]}""")),
        // A message
        new("the role is system", "chat", Set($"{Message}.role", "\"system\"")),
        new("the role is user", "chat", Set($"{Message}.role", "\"user\"")),
        new("the role is tool", "chat", Set($"{Message}.role", "\"tool\"")),
        new("no role", "chat", Drop($"{Message}.role")),
        new("a refusal beside a text", "chat", Add(Message, "refusal", Evil)),
        new("a refusal becomes content", "chat-refusal", Rename($"{Message}.refusal", "content"), Drop(Content)),
        new("content becomes a refusal", "chat", Rename(Content, "refusal")),
        new("reasoning added", "chat", Add(Message, "reasoning", Evil)),
        new("reasoning_content added", "chat", Add(Message, "reasoning_content", Evil)),
        new(
            "reasoning beside an empty reasoning_content",
            "chat",
            Add(Message, "reasoning_content", "\"\""),
            Add(Message, "reasoning", Evil)
        ),
        new(
            "an empty reasoning_content beside reasoning",
            "chat-reasoning-vllm",
            Add(Message, "reasoning_content", "\"\"")
        ),
        new("another reasoning beside reasoning_content", "chat-reasoning", Add(Message, "reasoning", Evil)),
        new("an empty reasoning beside reasoning_content", "chat-reasoning", Add(Message, "reasoning", "\"\"")),
        new(
            "another reasoning_content beside reasoning",
            "chat-reasoning-vllm",
            Add(Message, "reasoning_content", Evil)
        ),
        new("the other name of reasoning", "chat-reasoning", Rename($"{Message}.reasoning_content", "reasoning")),
        new("Reasoning with a capital", "chat-reasoning", Add(Message, "Reasoning", Evil)),
        new("reasoning becomes content", "chat-reasoning", Rename($"{Message}.reasoning_content", "content")),
        new("thinking in a message", "chat", Add(Message, "thinking", Evil)),
        new("reasoning_details in a message", "chat", Add(Message, "reasoning_details", """[{"text":"EVIL"}]""")),
        new("annotations in a message", "chat", Add(Message, "annotations", Links)),
        new("audio in a message", "chat", Add(Message, "audio", Audio)),
        new(
            "images in a message",
            "chat",
            Add(Message, "images", """[{"image_url":{"url":"https://evil.example"}}]""")
        ),
        new("an error in a message", "chat", Add(Message, "error", Evil)),
        new("citations in a message", "chat", Add(Message, "citations", """["https://evil.example"]""")),
        new("__proto__ in a message", "chat", Add(Message, "__proto__", """{"content":"EVIL"}""")),
        new("a member that nobody knows", "chat", Add(Message, "nobody", Evil)),
    ];

    private static Change AddResponse(string delivery)
    {
        string body =
            delivery == "json"
                ? """{"choices":[{"index":0,"message":{"content":"EVIL"}}]}"""
                : """data: {"choices":[{"index":0,"delta":{"content":"EVIL"}}]}""" + "\n\n";
        LooseJson response = LooseJson.Object(
            new LooseMember("delivery", LooseJson.String(delivery)),
            new LooseMember("body", LooseJson.String(body))
        );
        return Add("", "response", response.ToString());
    }
}
