using System.Text.Json;
using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend;

/// <summary>Bodies and chunks with SGLang's members in SGLang's order.</summary>
/// <param name="request">What is answered.</param>
/// <param name="id">32 hexadecimal digits, as from SGLang.</param>
/// <param name="created">Seconds.</param>
internal sealed class SGLangJson(GenerationRequest request, string id, long created)
{
    /// <summary>The flat error body of the OpenAI routes.</summary>
    public static string Error(RefusedException e) =>
        $$"""{"object":"error","message":{{JsonSerializer.Serialize(e.Message)}},"type":"{{e.Type}}","param":null,"code":{{e.Status}}}""";

    /// <summary>An error after the headers.</summary>
    public const string ErrorEvent =
        """{"error":{"object":"error","message":"The scheduler gave up.","type":"InternalServerError","param":null,"code":500}}""";

    public string Body(string text)
    {
        var choices = new JsonArray();
        // The same seed for all: SGLang gives n equal choices.
        for (int i = 0; i < request.Choices; i++) choices.Add(Choice(i, text));
        var body = new JsonObject
        {
            ["id"] = id,
            ["object"] = request.IsChat ? "chat.completion" : "text_completion",
            ["created"] = created,
            ["model"] = request.Model,
            ["choices"] = choices,
            ["usage"] = Usage(),
            ["metadata"] = new JsonObject { ["weight_version"] = "default" },
        };
        string json = body.ToJsonString();
        return request.Behaviour.ExtraMember is { } extra ? $"{json[..^1]},{extra}}}" : json;
    }

    /// <summary>The first chunk of a chat.</summary>
    public string Role(int index) => Chunk(index, new JsonObject { ["role"] = "assistant", ["content"] = "", ["reasoning_content"] = null, ["tool_calls"] = null }, null);

    public string Text(int index, string text, string? finish) => Chunk(
        index, request.IsChat ? new JsonObject { ["role"] = null, ["content"] = text, ["reasoning_content"] = null, ["tool_calls"] = null } : text, finish);

    /// <summary>The chunk that tells why a chat's choice ended.</summary>
    public string Finish(int index, string finish) => Chunk(
        index, new JsonObject { ["role"] = null, ["content"] = null, ["reasoning_content"] = null, ["tool_calls"] = null }, finish);

    public string UsageChunk() => Envelope([], Usage());

    private string Chunk(int index, JsonNode content, string? finish) => Envelope(
        [new JsonObject { ["index"] = index, [request.IsChat ? "delta" : "text"] = content, ["logprobs"] = null, ["finish_reason"] = finish, ["matched_stop"] = null }], null);

    private string Envelope(JsonArray choices, JsonNode? usage) => new JsonObject
    {
        ["id"] = id,
        ["object"] = request.IsChat ? "chat.completion.chunk" : "text_completion",
        ["created"] = created,
        ["model"] = request.Model,
        ["choices"] = choices,
        ["usage"] = usage,
    }.ToJsonString();

    private JsonObject Choice(int index, string text)
    {
        var choice = new JsonObject { ["index"] = index };
        if (request.IsChat) choice["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text, ["reasoning_content"] = null, ["tool_calls"] = null };
        else choice["text"] = text;
        choice["logprobs"] = null;
        choice["finish_reason"] = "length";
        choice["matched_stop"] = null;
        return choice;
    }

    private JsonObject Usage()
    {
        int prompt = request.Prompt.Split(' ').Length, completion = request.Tokens * request.Choices;
        return new JsonObject
        {
            ["prompt_tokens"] = prompt,
            ["total_tokens"] = prompt + completion,
            ["completion_tokens"] = completion,
            ["prompt_tokens_details"] = null,
            ["reasoning_tokens"] = 0,
        };
    }
}
