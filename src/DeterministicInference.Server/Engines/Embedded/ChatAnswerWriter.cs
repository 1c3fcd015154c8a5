using System.Text.Json;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Answers of <c>/v1/chat/completions</c>.</summary>
internal sealed class ChatAnswerWriter(ApiCall call, AnswerEnvelope envelope, BpeTokenizer tokenizer)
    : AnswerWriter(call, envelope, tokenizer)
{
    public override bool HasOpening => true;

    public override bool HasClosing => true;

    protected override string BodyObject => "chat.completion";

    protected override string ChunkObject => "chat.completion.chunk";

    protected override void WriteBodyChoice(Utf8JsonWriter json, ChoiceAnswer choice)
    {
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        json.WriteString("content", choice.Text.ToString());
        json.WriteNull("refusal");
        json.WriteEndObject();
        WriteLogprobs(json, Call.Requests[0].Logprobs is null ? null : choice.Logprobs);
    }

    protected override void WriteChunkChoice(
        Utf8JsonWriter json,
        ChoiceAnswer choice,
        TokenGenerated? e,
        ChunkPart part
    )
    {
        json.WriteStartObject("delta");
        if (part == ChunkPart.Open)
        {
            json.WriteString("role", "assistant");
            json.WriteString("content", "");
            json.WriteNull("refusal");
        }
        else if (part == ChunkPart.Text)
        {
            json.WriteString("content", e!.Text);
        }
        json.WriteEndObject();
        WriteLogprobs(json, e?.Logprobs is { } logprobs ? [logprobs] : null);
    }

    private void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<PositionLogprobs>? positions)
    {
        if (positions is null)
        {
            json.WriteNull("logprobs");
            return;
        }
        json.WriteStartObject("logprobs");
        json.WriteStartArray("content");
        foreach (PositionLogprobs position in positions)
        {
            json.WriteStartObject();
            WriteToken(json, position.Chosen);
            json.WriteStartArray("top_logprobs");
            foreach (TokenLogprob alternative in position.Top)
            {
                json.WriteStartObject();
                WriteToken(json, alternative);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    private void WriteToken(Utf8JsonWriter json, TokenLogprob token)
    {
        json.WriteString("token", TokenPieces.Of(Tokenizer, token.Token));
        json.WriteNumber("logprob", Finite(token.Logprob));
        json.WriteStartArray("bytes");
        foreach (byte b in TokenPieces.Bytes(Tokenizer, token.Token))
            json.WriteNumberValue(b);
        json.WriteEndArray();
    }
}
