using System.Text.Json.Nodes;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>Writes a <see cref="ScriptedAnswer"/> as an engine would.</summary>
internal static class AnswerJson
{
    /// <summary>The whole answer.</summary>
    public static JsonObject Whole(ScriptedAnswer answer, AnswerRequest request, bool withIds)
    {
        var choice = new JsonObject { ["index"] = 0 };
        if (request.IsChat)
            choice["message"] = WithMore(answer, new JsonObject { ["role"] = "assistant", ["content"] = answer.Text });
        else
            choice["text"] = answer.Text;
        if (request.WantsLogprobs)
            choice["logprobs"] = Logprobs(answer, request, answer.Tokens);
        choice["finish_reason"] = answer.Finish;
        if (withIds)
            choice["token_ids"] = Ids(answer.Tokens.Select(token => token.Id));
        var body = new JsonObject
        {
            ["id"] = "x-1",
            ["object"] = "answer",
            ["model"] = "tiny",
            ["choices"] = new JsonArray(choice),
        };
        if (withIds)
            body["prompt_token_ids"] = Ids(answer.Prompt);
        body["usage"] = new JsonObject
        {
            ["prompt_tokens"] = answer.Prompt.Count,
            ["completion_tokens"] = answer.Tokens.Count,
        };
        return body;
    }

    /// <summary>The chunks of a stream, as far as it goes.</summary>
    public static IEnumerable<JsonObject> Chunks(ScriptedAnswer answer, AnswerRequest request, bool withIds)
    {
        int count = answer.BreaksAfter ?? answer.Tokens.Count;
        for (int i = 0; i < count; i++)
        {
            (uint id, string text) = answer.Tokens[i];
            var choice = new JsonObject { ["index"] = 0 };
            if (request.IsChat)
                choice["delta"] = i == 0 ? WithMore(answer, Content(text)) : Content(text);
            else
                choice["text"] = text;
            if (request.WantsLogprobs)
                choice["logprobs"] = Logprobs(answer, request, [answer.Tokens[i]]);
            choice["finish_reason"] = null;
            if (withIds)
                choice["token_ids"] = Ids([id]);
            var chunk = new JsonObject { ["id"] = "x-1", ["choices"] = new JsonArray(choice) };
            if (withIds && i == 0)
                chunk["prompt_token_ids"] = Ids(answer.Prompt);
            yield return chunk;
        }
        if (answer.BreaksAfter is not null)
            yield break;
        var last = new JsonObject { ["index"] = 0, ["finish_reason"] = answer.Finish };
        if (request.IsChat)
            last["delta"] = new JsonObject();
        else
            last["text"] = "";
        yield return new JsonObject { ["id"] = "x-1", ["choices"] = new JsonArray(last) };
    }

    /// <summary>SGLang's chunk at the end of a chat's stream (recording 19-chat-stream-token-ids).</summary>
    public static JsonObject SglangIds(ScriptedAnswer answer) =>
        new()
        {
            ["id"] = "x-1",
            ["choices"] = new JsonArray(),
            ["sglext"] = new JsonObject
            {
                ["input_ids"] = Ids(answer.Prompt),
                ["output_ids"] = new JsonArray(Ids(answer.Tokens.Select(token => token.Id))),
            },
        };

    private static JsonObject Content(string text) => new() { ["content"] = text };

    private static JsonObject WithMore(ScriptedAnswer answer, JsonObject message)
    {
        if (answer.Reasoning is { } reasoning)
            message["reasoning_content"] = reasoning;
        if (answer.Call is (string name, string arguments))
        {
            message["tool_calls"] = new JsonArray(
                new JsonObject
                {
                    ["index"] = 0,
                    ["id"] = "call-1",
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = name, ["arguments"] = arguments },
                }
            );
        }
        return message;
    }

    private static JsonObject Logprobs(
        ScriptedAnswer answer,
        AnswerRequest request,
        IEnumerable<(uint Id, string Text)> tokens
    ) =>
        request.IsChat
            ? new JsonObject
            {
                ["content"] = new JsonArray([
                    .. tokens.Select(token => new JsonObject
                    {
                        ["token"] = token.Text,
                        ["logprob"] = JsonNode.Parse(answer.Logprob),
                    }),
                ]),
            }
            : new JsonObject
            {
                ["tokens"] = new JsonArray([.. tokens.Select(token => JsonValue.Create(token.Text))]),
                ["token_logprobs"] = new JsonArray([.. tokens.Select(_ => JsonNode.Parse(answer.Logprob))]),
            };

    private static JsonArray Ids(IEnumerable<uint> ids) => new([.. ids.Select(id => JsonValue.Create(id))]);
}
