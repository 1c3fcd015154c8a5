using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <param name="request">What is answered.</param>
/// <param name="ids">Which token ids the answer carries.</param>
/// <param name="id">32 hexadecimal digits, as from SGLang.</param>
/// <param name="created">Seconds.</param>
/// <param name="weightVersion">As launched.</param>
internal sealed class SGLangJson(
    GenerationRequest request,
    SGLangTokenIds ids,
    string id,
    long created,
    string weightVersion
) : AnswerJson(request)
{
    public override string ErrorEvent =>
        """{"error":{"object":"error","message":"The scheduler gave """
        + """up.","type":"InternalServerError","param":null,"code":500}}""";

    protected override JsonObject BodyOf(IReadOnlyList<Generation> choices)
    {
        var body = new JsonObject
        {
            ["id"] = id,
            ["object"] = Request.IsChat ? "chat.completion" : "text_completion",
            ["created"] = created,
            ["model"] = Request.Model,
            ["choices"] = new JsonArray([.. choices.Select(Choice)]),
            ["usage"] = Usage(choices),
            ["metadata"] = new JsonObject { ["weight_version"] = weightVersion },
        };
        if (Extension(choices) is { } extension)
            body["sglext"] = extension;
        return body;
    }

    public override IEnumerable<Chunk> Chunks(IReadOnlyList<Generation> choices)
    {
        for (int i = 0; i < choices.Count && Request.IsChat; i++)
            yield return new Chunk(Delta(i, "assistant", ""), false);
        var begun = new HashSet<int>();
        foreach ((int choice, Token token, bool isLast) in Interleaved(choices))
        {
            if (Request.IsChat)
            {
                yield return new Chunk(Delta(choice, null, token.Text), true);
                continue;
            }
            var content = new JsonObject
            {
                ["index"] = choice,
                ["text"] = token.Text,
                ["logprobs"] = null,
            };
            content["finish_reason"] = isLast ? Reason(choices[choice]) : null;
            content["matched_stop"] = isLast ? Matched(choices[choice]) : null;
            if (ids.InChoices)
            {
                content["token_ids"] = Ids([token]);
                if (begun.Add(choice))
                    content["prompt_token_ids"] = PromptIds();
            }
            yield return new Chunk(Envelope([content]), true);
        }
        for (int i = 0; i < choices.Count && Request.IsChat; i++)
            yield return new Chunk(Finish(i, Reason(choices[i]), Matched(choices[i])), false);
        if (Extension(choices) is { } extension)
            yield return new Chunk(Envelope([], extension: extension), false, ids.IsFramed ? "sglext_ids" : null);
        if (Request.IncludesUsage)
            yield return new Chunk(Envelope([], usage: Usage(choices)), false);
    }

    public override JsonObject AbortChunk(int index) => Finish(index, "abort", null);

    private JsonObject Finish(int index, string reason, JsonNode? matched) =>
        Request.IsChat
            ? Delta(index, null, null, reason, matched)
            : Envelope([
                new JsonObject
                {
                    ["index"] = index,
                    ["text"] = "",
                    ["logprobs"] = null,
                    ["finish_reason"] = reason,
                    ["matched_stop"] = matched,
                },
            ]);

    private JsonObject Delta(
        int index,
        string? role,
        string? content,
        string? reason = null,
        JsonNode? matched = null
    ) =>
        Envelope([
            new JsonObject
            {
                ["index"] = index,
                ["delta"] = new JsonObject
                {
                    ["role"] = role,
                    ["content"] = content,
                    ["reasoning_content"] = null,
                    ["tool_calls"] = null,
                },
                ["logprobs"] = null,
                ["finish_reason"] = reason,
                ["matched_stop"] = matched,
            },
        ]);

    private JsonObject Envelope(JsonArray choices, JsonNode? usage = null, JsonNode? extension = null)
    {
        var chunk = new JsonObject
        {
            ["id"] = id,
            ["object"] = Request.IsChat ? "chat.completion.chunk" : "text_completion",
            ["created"] = created,
            ["model"] = Request.Model,
            ["choices"] = choices,
            ["usage"] = usage,
        };
        if (extension is not null)
            chunk["sglext"] = extension;
        return chunk;
    }

    private JsonObject Choice(Generation generation, int index)
    {
        var choice = new JsonObject { ["index"] = index };
        if (Request.IsChat)
            choice["message"] = new JsonObject
            {
                ["role"] = "assistant",
                ["content"] = generation.Text,
                ["reasoning_content"] = null,
                ["tool_calls"] = null,
            };
        else
            choice["text"] = generation.Text;
        choice["logprobs"] = null;
        choice["finish_reason"] = Reason(generation);
        choice["matched_stop"] = Matched(generation);
        if (ids.InChoices || ids.PromptInChoices)
            choice["prompt_token_ids"] = PromptIds();
        // As recorded of SGLang 0.5.23: a chat has another name for them.
        if (ids.InChoices)
            choice[Request.IsChat ? "response_token_ids" : "token_ids"] = Ids(generation.Tokens);
        return choice;
    }

    /// <summary>What SGLang adds to chats at the level of the answer.</summary>
    private JsonObject? Extension(IReadOnlyList<Generation> choices)
    {
        var extension = new JsonObject();
        if (ids.InputInExtension)
            extension["input_ids"] = PromptIds();
        if (ids.OutputInExtension)
            extension["output_ids"] = new JsonArray([.. choices.Select(choice => Ids(choice.Tokens))]);
        return extension.Count > 0 ? extension : null;
    }

    private static string Reason(Generation generation) =>
        generation.Ending switch
        {
            Ending.Length => "length",
            Ending.Abort => "abort",
            _ => "stop",
        };

    private static JsonNode? Matched(Generation generation) =>
        generation.Ending == Ending.EndOfText ? FakeText.EndOfText : generation.Matched;

    private JsonObject Usage(IReadOnlyList<Generation> choices)
    {
        int completion = choices.Sum(choice => choice.Tokens.Count);
        return new JsonObject
        {
            ["prompt_tokens"] = PromptTokens,
            ["total_tokens"] = PromptTokens + completion,
            ["completion_tokens"] = completion,
            ["prompt_tokens_details"] = null,
            ["reasoning_tokens"] = 0,
        };
    }
}
