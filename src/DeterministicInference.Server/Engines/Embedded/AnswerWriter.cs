using System.Text.Json;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Members that are the same in every part of an answer.</summary>
internal sealed record AnswerEnvelope(string Id, long Created, string Model, string Fingerprint);

/// <summary>Writes an answer as one JSON body, or as the chunks of a stream.</summary>
internal abstract class AnswerWriter(ApiCall call, AnswerEnvelope envelope, BpeTokenizer tokenizer)
{
    protected ApiCall Call { get; } = call;

    protected BpeTokenizer Tokenizer { get; } = tokenizer;

    /// <summary>The prompt's log probabilities, by prompt, for an echo.</summary>
    protected IReadOnlyList<PositionLogprobs>?[] PromptScores { get; } =
        new IReadOnlyList<PositionLogprobs>?[call.Requests.Count];

    public static AnswerWriter For(ApiCall call, AnswerEnvelope envelope, BpeTokenizer tokenizer) =>
        call.IsChat
            ? new ChatAnswerWriter(call, envelope, tokenizer)
            : new CompletionAnswerWriter(call, envelope, tokenizer);

    public void Scored(int prompt, PromptScored e) => PromptScores[prompt] = e.Logprobs;

    /// <summary>Writes the whole answer.</summary>
    public void WriteBody(Utf8JsonWriter json, IReadOnlyList<ChoiceAnswer> choices)
    {
        Begin(json, BodyObject);
        json.WriteStartArray("choices");
        foreach (ChoiceAnswer choice in choices)
        {
            json.WriteStartObject();
            json.WriteNumber("index", choice.Index);
            WriteBodyChoice(json, choice);
            json.WriteString("finish_reason", ChoiceAnswer.Name(choice.Finish!.Value));
            if (Call.ReturnTokenIds)
                WriteIds(json, "token_ids", choice.Tokens);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteUsage(json, choices);
        if (Call is { ReturnTokenIds: true, IsChat: true })
            WriteIds(json, "prompt_token_ids", Call.Requests[0].Prompt);
        json.WriteEndObject();
    }

    /// <summary>Writes one chunk with one choice.</summary>
    /// <param name="json">The writer.</param>
    /// <param name="choice">The choice, which already contains the event.</param>
    /// <param name="e">The event; null for a chunk that opens or closes a choice.</param>
    /// <param name="part">Which part of the choice the chunk carries.</param>
    public void WriteChunk(Utf8JsonWriter json, ChoiceAnswer choice, TokenGenerated? e, ChunkPart part)
    {
        Begin(json, ChunkObject);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", choice.Index);
        WriteChunkChoice(json, choice, e, part);
        if (part == ChunkPart.Finish && choice.Finish is { } finish)
            json.WriteString("finish_reason", ChoiceAnswer.Name(finish));
        else
            json.WriteNull("finish_reason");
        if (Call.ReturnTokenIds)
        {
            if (part != ChunkPart.Open && e?.Token is { } token)
                WriteIds(json, "token_ids", [token]);
            if (part == ChunkPart.Open && !Call.IsChat)
                WriteIds(json, "prompt_token_ids", Call.Requests[choice.Prompt].Prompt);
        }
        json.WriteEndObject();
        json.WriteEndArray();
        if (Call.IncludeUsage)
            json.WriteNull("usage");
        if (part == ChunkPart.Open && Call is { ReturnTokenIds: true, IsChat: true })
            WriteIds(json, "prompt_token_ids", Call.Requests[0].Prompt);
        json.WriteEndObject();
    }

    /// <summary>Writes the last chunk of a stream that requested usage.</summary>
    public void WriteUsageChunk(Utf8JsonWriter json, IReadOnlyList<ChoiceAnswer> choices)
    {
        Begin(json, ChunkObject);
        json.WriteStartArray("choices");
        json.WriteEndArray();
        WriteUsage(json, choices);
        json.WriteEndObject();
    }

    /// <summary>Whether a choice's stream begins with a chunk of its own.</summary>
    public abstract bool HasOpening { get; }

    /// <summary>Whether the reason a choice ended comes in a chunk of its own.</summary>
    public abstract bool HasClosing { get; }

    protected abstract string BodyObject { get; }

    protected abstract string ChunkObject { get; }

    protected abstract void WriteBodyChoice(Utf8JsonWriter json, ChoiceAnswer choice);

    protected abstract void WriteChunkChoice(
        Utf8JsonWriter json,
        ChoiceAnswer choice,
        TokenGenerated? e,
        ChunkPart part
    );

    protected static void WriteIds(Utf8JsonWriter json, string name, IEnumerable<int> ids)
    {
        json.WriteStartArray(name);
        foreach (int id in ids)
            json.WriteNumberValue(id);
        json.WriteEndArray();
    }

    /// <summary>JSON has no infinity; −9999 is what OpenAI sends for an impossible token.</summary>
    protected static float Finite(float logprob) => float.IsFinite(logprob) ? logprob : -9999f;

    private void Begin(Utf8JsonWriter json, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id", envelope.Id);
        json.WriteString("object", kind);
        json.WriteNumber("created", envelope.Created);
        json.WriteString("model", envelope.Model);
        json.WriteString("system_fingerprint", envelope.Fingerprint);
    }

    private void WriteUsage(Utf8JsonWriter json, IReadOnlyList<ChoiceAnswer> choices)
    {
        int generated = choices.Sum(choice => choice.Tokens.Count);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", Call.PromptTokens);
        json.WriteNumber("completion_tokens", generated);
        json.WriteNumber("total_tokens", Call.PromptTokens + generated);
        json.WriteEndObject();
    }
}

/// <summary>The part of a choice that a chunk carries.</summary>
internal enum ChunkPart
{
    /// <summary>The chunk before the first token.</summary>
    Open,

    /// <summary>A token.</summary>
    Text,

    /// <summary>A token and the reason why it was the last, or the reason alone.</summary>
    Finish,
}
