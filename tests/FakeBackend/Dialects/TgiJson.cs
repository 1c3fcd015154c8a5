using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <param name="request">What is answered.</param>
/// <param name="created">Seconds.</param>
/// <param name="fingerprint">Version and image; every answer and every chunk has it.</param>
internal sealed class TgiJson(GenerationRequest request, long created, string fingerprint) : AnswerJson(request)
{
    public override string ErrorEvent =>
        """{"error":{"message":"Request failed during generation: the shard gave up","http_status_code":422}}""";

    protected override JsonObject BodyOf(IReadOnlyList<Generation> choices)
    {
        var choice = new JsonObject { ["index"] = 0 };
        if (Request.IsChat)
            choice["message"] = new JsonObject { ["role"] = "assistant", ["content"] = choices[0].Text };
        else
            choice["text"] = choices[0].Text;
        choice["logprobs"] = null;
        choice["finish_reason"] = Reason(choices[0], saysStop: true);
        JsonObject body = Envelope(Request.IsChat ? "chat.completion" : "text_completion", [choice]);
        body["usage"] = Usage(choices);
        return body;
    }

    public override IEnumerable<Chunk> Chunks(IReadOnlyList<Generation> choices)
    {
        foreach ((_, Token token, bool isLast) in Interleaved(choices))
        {
            JsonObject chunk = TextChunk(token.Text, isLast ? choices[0] : null);
            // A completion's last chunk has it in any case, a chat's goes separately.
            if (isLast && !Request.IsChat)
                chunk["usage"] = Usage(choices);
            yield return new Chunk(chunk, true);
        }
        if (!Request.IsChat || !Request.IncludesUsage)
            yield break;
        JsonObject usage = Envelope("chat.completion.chunk", []);
        usage["usage"] = Usage(choices);
        yield return new Chunk(usage, false);
    }

    /// <summary>TGI knows no such end; for tests of a proxy only.</summary>
    public override JsonObject AbortChunk(int index) => TextChunk("", new Generation([], Ending.Abort, null));

    private JsonObject TextChunk(string text, Generation? end)
    {
        var choice = new JsonObject { ["index"] = 0 };
        if (Request.IsChat)
            choice["delta"] = new JsonObject { ["role"] = "assistant", ["content"] = text };
        else
            choice["text"] = text;
        choice["logprobs"] = null;
        // A completion's stream has an empty reason until it ends, and then TGI's own words.
        choice["finish_reason"] =
            end is not null ? Reason(end, saysStop: Request.IsChat)
            : Request.IsChat ? null
            : "";
        JsonObject chunk = Envelope(Request.IsChat ? "chat.completion.chunk" : "text_completion", [choice]);
        if (Request.IsChat)
            chunk["usage"] = null;
        return chunk;
    }

    private JsonObject Envelope(string type, JsonArray choices) =>
        new()
        {
            ["object"] = type,
            ["id"] = "",
            ["created"] = created,
            ["model"] = Request.Model,
            ["system_fingerprint"] = fingerprint,
            ["choices"] = choices,
        };

    private static string Reason(Generation generation, bool saysStop) =>
        generation.Ending switch
        {
            Ending.Length => "length",
            Ending.StopString => "stop_sequence",
            Ending.EndOfText => saysStop ? "stop" : "eos_token",
            _ => "abort",
        };

    private JsonObject Usage(IReadOnlyList<Generation> choices)
    {
        int completion = choices[0].Tokens.Count;
        return new JsonObject
        {
            ["prompt_tokens"] = PromptTokens,
            ["completion_tokens"] = completion,
            ["total_tokens"] = PromptTokens + completion,
        };
    }
}
