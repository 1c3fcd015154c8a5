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
            ["metadata"] = new JsonObject
            {
                ["weight_version"] = weightVersion,
                ["weight_versions"] = new JsonArray(
                    new JsonObject
                    {
                        ["version"] = weightVersion,
                        ["start"] = 0,
                        ["end"] = choices[0].Tokens.Count,
                    }
                ),
            },
        };
        if (Extension(choices) is { } extension)
            body["sglext"] = extension;
        return body;
    }

    public override IEnumerable<Chunk> Chunks(IReadOnlyList<Generation> choices)
    {
        var begun = new HashSet<int>();
        foreach ((int choice, Token token, bool isLast) in Interleaved(choices))
        {
            if (Request.IsChat)
            {
                if (begun.Add(choice))
                    yield return new Chunk(Delta(choice, "assistant", ""), false);
                if (token.Text.Length > 0)
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
                    content["prompt_token_ids"] = PromptIds(choice);
            }
            yield return new Chunk(Envelope([content], choice), true);
        }
        for (int i = 0; i < choices.Count && Request.IsChat; i++)
            yield return new Chunk(Finish(i, Reason(choices[i]), Matched(choices[i])), false);
        if (Extension(choices) is { } extension)
            yield return new Chunk(Envelope([], extension: extension), false, ids.IsFramed ? "sglext_ids" : null);
        if (!Request.IncludesUsage)
            yield break;
        JsonObject usage = Usage(choices);
        if (!Request.IsChat)
        {
            usage.Remove("prompt_tokens_details");
            usage.Remove("completion_tokens_details");
        }
        yield return new Chunk(Envelope([], usage: usage), false);
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

    private JsonObject Delta(int index, string? role, string? content, string? reason = null, JsonNode? matched = null)
    {
        var delta = new JsonObject { ["reasoning_content"] = null };
        if (role is not null)
            delta["role"] = role;
        if (content is not null)
            delta["content"] = content;
        var choice = new JsonObject
        {
            ["index"] = index,
            ["delta"] = delta,
            ["logprobs"] = null,
            ["finish_reason"] = reason,
            ["matched_stop"] = matched,
        };
        return Envelope([choice], reason is null ? index : 0);
    }

    /// <param name="choices">The choices of the event.</param>
    /// <param name="number">
    /// Which of the choices it is about: each has an id of its own, as each prompt of a completion.
    /// </param>
    /// <param name="usage">The counts; null for none.</param>
    /// <param name="extension">SGLang's own part; null for none.</param>
    private JsonObject Envelope(JsonArray choices, int number = 0, JsonNode? usage = null, JsonNode? extension = null)
    {
        var chunk = new JsonObject
        {
            ["id"] = number == 0 ? id : $"{number:x}{id[1..]}",
            ["object"] = Request.IsChat ? "chat.completion.chunk" : "text_completion",
            ["created"] = created,
            ["model"] = Request.Model,
            ["choices"] = choices,
        };
        // A chat's events with a choice have none.
        if (!Request.IsChat || choices.Count == 0)
            chunk["usage"] = usage;
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
            };
        else
            choice["text"] = generation.Text;
        choice["logprobs"] = null;
        choice["finish_reason"] = Reason(generation);
        choice["matched_stop"] = Matched(generation);
        if (!Request.IsChat && ids.InChoices)
            choice["token_ids"] = Ids(generation.Tokens);
        if (ids.InChoices || ids.PromptInChoices)
            choice["prompt_token_ids"] = PromptIds(index);
        // A chat has another name for them.
        if (Request.IsChat && ids.InChoices)
            choice["response_token_ids"] = Ids(generation.Tokens);
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
            ["completion_tokens_details"] = null,
        };
    }
}
