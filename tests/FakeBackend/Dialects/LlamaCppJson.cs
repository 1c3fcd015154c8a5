using System.Text;
using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <param name="request">What is answered.</param>
/// <param name="number">Of the request.</param>
/// <param name="created">Seconds.</param>
/// <param name="build">Of the program; every answer and every chunk has it.</param>
/// <param name="isVerbose">Whether answers carry the native one in addition.</param>
internal sealed class LlamaCppJson(GenerationRequest request, int number, long created, string build, bool isVerbose)
    : AnswerJson(request)
{
    private const int DefaultProbabilities = 20;

    private readonly string _id = $"chatcmpl-{number:x32}";

    /// <summary>Candidates of each token; 0 is no probabilities at all.</summary>
    private readonly int _probabilities = request.IsChat
        ? request.Asks("logprobs")
            ? (int?)request.Json["top_logprobs"] ?? DefaultProbabilities
            : 0
        : (int?)request.Json["logprobs"] ?? 0;

    public override string ErrorEvent => """{"error":{"code":500,"message":"Compute error.","type":"server_error"}}""";

    protected override JsonObject BodyOf(IReadOnlyList<Generation> choices)
    {
        JsonObject body = Envelope(
            [.. choices.Select(Choice)],
            Request.IsChat ? "chat.completion" : "text_completion",
            Usage(choices)
        );
        body["timings"] = Timings(choices);
        if (isVerbose)
        {
            // The tokens are there only for who asks.
            JsonArray tokens = Request.Asks("return_tokens") ? Ids(choices[0].Tokens) : [];
            body["__verbose"] = new JsonObject
            {
                ["index"] = 0,
                ["content"] = choices[0].Text,
                ["tokens"] = tokens,
                ["prompt"] = Request.Prompt,
            };
        }
        return body;
    }

    public override IEnumerable<Chunk> Chunks(IReadOnlyList<Generation> choices)
    {
        for (int i = 0; i < choices.Count && Request.IsChat; i++)
        {
            yield return new Chunk(
                ChatChunk(i, new JsonObject { ["role"] = "assistant", ["content"] = null }, null),
                false
            );
        }
        // The prompts one after the other, with JSON's null between them.
        for (int first = 0; first < choices.Count; first += Request.Seeds.Count)
        {
            if (first > 0)
                yield return new Chunk(null, false);
            foreach (Chunk chunk in ChunksOf([.. choices.Skip(first).Take(Request.Seeds.Count)], first))
                yield return chunk;
        }
        if (!Request.IsChat || !Request.IncludesUsage)
            yield break;
        JsonObject usage = Envelope([], "chat.completion.chunk", Usage(choices));
        usage["timings"] = Timings(choices);
        yield return new Chunk(usage, false);
    }

    private IEnumerable<Chunk> ChunksOf(IReadOnlyList<Generation> choices, int first)
    {
        foreach ((int choice, Token token, _) in Interleaved(choices))
        {
            JsonObject chunk = Request.IsChat
                ? ChatChunk(first + choice, new JsonObject { ["content"] = token.Text }, null)
                : TextChunk(first + choice, token.Text, null, null);
            if (_probabilities > 0)
                chunk["choices"]![0]!["logprobs"] = Probabilities([token]);
            yield return new Chunk(chunk, true);
        }
        for (int i = 0; i < choices.Count; i++)
        {
            JsonObject end = Request.IsChat
                ? ChatChunk(first + i, [], Reason(choices[i]))
                : TextChunk(first + i, "", Reason(choices[i]), Usage([choices[i]]));
            bool isLast = i + 1 == choices.Count && !(Request.IsChat && Request.IncludesUsage);
            if (isLast)
                end["timings"] = Timings(choices);
            yield return new Chunk(end, false);
        }
    }

    public override JsonObject AbortChunk(int index) =>
        Request.IsChat ? ChatChunk(index, [], "abort") : TextChunk(index, "", "abort", null);

    private JsonObject ChatChunk(int index, JsonObject delta, string? reason) =>
        Envelope(
            [
                new JsonObject
                {
                    ["finish_reason"] = reason,
                    ["index"] = index,
                    ["delta"] = delta,
                },
            ],
            "chat.completion.chunk",
            null
        );

    private JsonObject TextChunk(int index, string text, string? reason, JsonObject? usage) =>
        Envelope(
            [
                new JsonObject
                {
                    ["text"] = text,
                    ["index"] = index,
                    ["logprobs"] = null,
                    ["finish_reason"] = reason,
                },
            ],
            "text_completion",
            usage
        );

    private JsonObject Envelope(JsonArray choices, string type, JsonObject? usage)
    {
        bool isChunk = type == "chat.completion.chunk";
        var json = new JsonObject { ["choices"] = choices, ["created"] = created };
        // In a chat's events it comes earlier.
        if (isChunk)
            json["id"] = _id;
        json["model"] = Request.Model;
        json["system_fingerprint"] = build;
        json["object"] = type;
        if (usage is not null)
            json["usage"] = usage;
        if (!isChunk)
            json["id"] = _id;
        return json;
    }

    private JsonObject Choice(Generation generation, int index)
    {
        JsonObject? probabilities = _probabilities > 0 ? Probabilities(generation.Tokens) : null;
        if (!Request.IsChat)
            return new JsonObject
            {
                ["text"] = generation.Text,
                ["index"] = index,
                ["logprobs"] = probabilities,
                ["finish_reason"] = Reason(generation),
            };
        var choice = new JsonObject
        {
            ["finish_reason"] = Reason(generation),
            ["index"] = index,
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = generation.Text },
        };
        if (probabilities is not null)
            choice["logprobs"] = probabilities;
        return choice;
    }

    /// <summary>The same on both routes, and each entry has the token's number.</summary>
    private static JsonObject Probabilities(IEnumerable<Token> tokens) =>
        new()
        {
            ["content"] = new JsonArray([
                .. tokens.Select(token =>
                {
                    JsonObject entry = Entry(token);
                    entry["top_logprobs"] = new JsonArray(Entry(token));
                    return entry;
                }),
            ]),
        };

    private static JsonObject Entry(Token token) =>
        new()
        {
            ["id"] = token.Id,
            ["token"] = token.Text,
            ["bytes"] = Ids(Encoding.UTF8.GetBytes(token.Text).Select(value => (int)value)),
            ["logprob"] = -0.25,
        };

    private static string Reason(Generation generation) =>
        generation.Ending switch
        {
            Ending.Length => "length",
            Ending.Abort => "abort",
            _ => "stop",
        };

    /// <summary>Of the first prompt only, however many there are.</summary>
    private JsonObject Usage(IReadOnlyList<Generation> choices)
    {
        int completion = choices.Take(Request.Seeds.Count).Sum(choice => choice.Tokens.Count),
            prompt = FakeText.PromptIdsOf(Request.Prompt).Length;
        return new JsonObject
        {
            ["completion_tokens"] = completion,
            ["prompt_tokens"] = prompt,
            ["total_tokens"] = completion + prompt,
            ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
        };
    }

    private JsonObject Timings(IReadOnlyList<Generation> choices) =>
        new()
        {
            ["cache_n"] = 0,
            ["prompt_n"] = PromptTokens,
            ["prompt_ms"] = 1.5,
            ["prompt_per_token_ms"] = 0.25,
            ["prompt_per_second"] = 4000,
            ["predicted_n"] = choices.Sum(choice => choice.Tokens.Count),
            ["predicted_ms"] = 2.5,
            ["predicted_per_token_ms"] = 0.125,
            ["predicted_per_second"] = 8000,
        };
}
