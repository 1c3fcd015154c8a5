using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <param name="request">What is answered.</param>
/// <param name="withIds">Whether the answer carries token ids.</param>
/// <param name="number">Of the request.</param>
/// <param name="created">Seconds.</param>
/// <param name="fingerprint">Of the configuration; null is none.</param>
internal sealed class VllmJson(GenerationRequest request, bool withIds, int number, long created, string? fingerprint)
    : AnswerJson(request)
{
    private readonly string _id = $"{(request.IsChat ? "chatcmpl" : "cmpl")}-{number:x32}";

    public override string ErrorEvent =>
        """{"error":{"message":"EngineCore encountered an """
        + """issue.","type":"InternalServerError","param":null,"code":500}}""";

    protected override JsonObject BodyOf(IReadOnlyList<Generation> choices)
    {
        var body = new JsonObject
        {
            ["id"] = _id,
            ["object"] = Request.IsChat ? "chat.completion" : "text_completion",
            ["created"] = created,
            ["model"] = Request.Model,
            ["choices"] = new JsonArray([.. choices.Select(Choice)]),
            ["service_tier"] = null,
            ["system_fingerprint"] = fingerprint,
            ["usage"] = Usage(choices),
        };
        if (Request.IsChat)
        {
            body["prompt_logprobs"] = null;
            body["prompt_token_ids"] = withIds ? PromptIds() : null;
            body["prompt_text"] = null;
        }
        body["kv_transfer_params"] = null;
        body["ec_transfer_params"] = null;
        body["metrics"] = null;
        return body;
    }

    public override IEnumerable<Chunk> Chunks(IReadOnlyList<Generation> choices)
    {
        bool marksUsage = Request.IncludesUsage;
        for (int i = 0; i < choices.Count && Request.IsChat; i++)
        {
            JsonObject first = ChatChoice(i, new JsonObject { ["role"] = "assistant", ["content"] = "" }, null);
            yield return new Chunk(
                Envelope([first], ("prompt_token_ids", withIds ? PromptIds() : null), ("prompt_text", null)),
                false
            );
        }
        var begun = new HashSet<int>();
        foreach ((int choice, Token token, bool isLast) in Interleaved(choices))
        {
            Generation? end = isLast ? choices[choice] : null;
            // Reason and last text come in the same chunk.
            JsonObject content = Request.IsChat
                ? ChatChoice(choice, token.Text.Length > 0 ? new JsonObject { ["content"] = token.Text } : [], end)
                : TextChoice(choice, token.Text, end);
            content["token_ids"] = withIds ? Ids([token]) : null;
            if (!Request.IsChat && withIds && begun.Add(choice))
                content["prompt_token_ids"] = PromptIds(choice);
            yield return new Chunk(
                isLast && !marksUsage ? Envelope([content], ("system_fingerprint", fingerprint)) : Envelope([content]),
                true
            );
        }
        if (marksUsage)
            yield return new Chunk(
                Envelope([], ("usage", Counts(choices)), ("system_fingerprint", fingerprint)),
                false
            );
    }

    public override JsonObject AbortChunk(int index)
    {
        var aborted = new Generation([], Ending.Abort, null);
        return Envelope(
            [
                Request.IsChat
                    ? ChatChoice(index, new JsonObject { ["content"] = "" }, aborted)
                    : TextChoice(index, "", aborted),
            ],
            ("system_fingerprint", fingerprint)
        );
    }

    /// <summary>A chat's chunks leave out what was not set.</summary>
    private static JsonObject ChatChoice(int index, JsonObject delta, Generation? end)
    {
        var choice = new JsonObject
        {
            ["index"] = index,
            ["delta"] = delta,
            ["logprobs"] = null,
            ["finish_reason"] = end is null ? null : Reason(end),
        };
        if (end is not null)
            choice["stop_reason"] = end.Matched;
        return choice;
    }

    /// <summary>A completion's chunks have every member.</summary>
    private static JsonObject TextChoice(int index, string text, Generation? end) =>
        new()
        {
            ["index"] = index,
            ["text"] = text,
            ["logprobs"] = null,
            ["finish_reason"] = end is null ? null : Reason(end),
            ["stop_reason"] = end?.Matched,
            ["prompt_token_ids"] = null,
            ["token_ids"] = null,
        };

    private JsonObject Envelope(JsonArray choices, params (string Name, JsonNode? Value)[] members)
    {
        var chunk = new JsonObject
        {
            ["id"] = _id,
            ["object"] = Request.IsChat ? "chat.completion.chunk" : "text_completion",
            ["created"] = created,
            ["model"] = Request.Model,
            ["choices"] = choices,
        };
        foreach ((string name, JsonNode? value) in members)
            chunk[name] = value;
        return chunk;
    }

    private JsonObject Choice(Generation generation, int index)
    {
        var choice = new JsonObject { ["index"] = index };
        if (Request.IsChat)
        {
            choice["message"] = new JsonObject
            {
                ["role"] = "assistant",
                ["content"] = generation.Text,
                ["refusal"] = null,
                ["annotations"] = null,
                ["audio"] = null,
                ["function_call"] = null,
                ["reasoning"] = null,
            };
        }
        else
        {
            choice["text"] = generation.Text;
        }
        choice["logprobs"] = null;
        choice["finish_reason"] = Reason(generation);
        choice["stop_reason"] = generation.Matched;
        choice["token_ids"] = withIds ? Ids(generation.Tokens) : null;
        if (!Request.IsChat)
        {
            // A chat has them beside the choices, a completion within.
            choice["prompt_logprobs"] = null;
            choice["prompt_token_ids"] = withIds ? PromptIds(index) : null;
        }
        choice["routed_experts"] = null;
        return choice;
    }

    private static string Reason(Generation generation) =>
        generation.Ending switch
        {
            Ending.Length => "length",
            Ending.Abort => "abort",
            _ => "stop",
        };

    private JsonObject Usage(IReadOnlyList<Generation> choices)
    {
        JsonObject usage = Counts(choices);
        usage["prompt_tokens_details"] = null;
        usage["completion_tokens_details"] = null;
        return usage;
    }

    /// <summary>All that a stream has of it.</summary>
    private JsonObject Counts(IReadOnlyList<Generation> choices)
    {
        int completion = choices.Sum(choice => choice.Tokens.Count);
        return new JsonObject
        {
            ["prompt_tokens"] = PromptTokens,
            ["total_tokens"] = PromptTokens + completion,
            ["completion_tokens"] = completion,
        };
    }
}
