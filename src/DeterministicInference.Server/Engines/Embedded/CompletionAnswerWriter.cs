using System.Text.Json;
using DeterministicInference.Engine.Sampling;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Engine.Tokenization;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Answers of <c>/v1/completions</c>.</summary>
internal sealed class CompletionAnswerWriter(ApiCall call, AnswerEnvelope envelope, BpeTokenizer tokenizer)
    : AnswerWriter(call, envelope, tokenizer)
{
    public override bool HasOpening => Call.Echo || Call.ReturnTokenIds;

    public override bool HasClosing => false;

    protected override string BodyObject => "text_completion";

    protected override string ChunkObject => "text_completion";

    private bool WantsLogprobs => Call.Requests[0].Logprobs is not null;

    protected override void WriteBodyChoice(Utf8JsonWriter json, ChoiceAnswer choice)
    {
        json.WriteString("text", (Call.Echo ? Call.PromptTexts[choice.Prompt] : "") + choice.Text);
        if (Call.ReturnTokenIds)
            WriteIds(json, "prompt_token_ids", Call.Requests[choice.Prompt].Prompt);
        WriteLogprobs(json, choice, WantsLogprobs ? [.. EchoedPositions(choice), .. choice.Logprobs] : null);
    }

    protected override void WriteChunkChoice(
        Utf8JsonWriter json,
        ChoiceAnswer choice,
        TokenGenerated? e,
        ChunkPart part
    )
    {
        if (part == ChunkPart.Open)
        {
            json.WriteString("text", Call.Echo ? Call.PromptTexts[choice.Prompt] : "");
            WriteLogprobs(json, choice, WantsLogprobs && Call.Echo ? [.. EchoedPositions(choice)] : null);
            return;
        }
        json.WriteString("text", e?.Text ?? "");
        WriteLogprobs(json, choice, e?.Logprobs is { } logprobs ? [logprobs] : null);
    }

    /// <summary>The prompt's tokens; null for the first one, which has no prediction.</summary>
    private IEnumerable<PositionLogprobs?> EchoedPositions(ChoiceAnswer choice)
    {
        if (!Call.Echo)
            return [];
        return [null, .. PromptScores[choice.Prompt] ?? []];
    }

    private void WriteLogprobs(Utf8JsonWriter json, ChoiceAnswer choice, IReadOnlyList<PositionLogprobs?>? positions)
    {
        if (positions is null)
        {
            json.WriteNull("logprobs");
            return;
        }
        int first = Call.Requests[choice.Prompt].Prompt[0];
        json.WriteStartObject("logprobs");

        json.WriteStartArray("tokens");
        foreach (PositionLogprobs? position in positions)
            json.WriteStringValue(TokenPieces.Of(Tokenizer, position?.Chosen.Token ?? first));
        json.WriteEndArray();

        json.WriteStartArray("token_logprobs");
        foreach (PositionLogprobs? position in positions)
        {
            if (position is null)
                json.WriteNullValue();
            else
                json.WriteNumberValue(Finite(position.Chosen.Logprob));
        }
        json.WriteEndArray();

        json.WriteStartArray("top_logprobs");
        foreach (PositionLogprobs? position in positions)
            WriteTop(json, position);
        json.WriteEndArray();

        json.WriteStartArray("text_offset");
        foreach (PositionLogprobs? position in positions)
        {
            json.WriteNumberValue(choice.NextOffset);
            choice.NextOffset += ScalarCount(Tokenizer.Bytes(position?.Chosen.Token ?? first));
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Writes the alternatives, and the chosen token if it is not among them.</summary>
    private void WriteTop(Utf8JsonWriter json, PositionLogprobs? position)
    {
        if (position is null)
        {
            json.WriteNullValue();
            return;
        }
        json.WriteStartObject();
        foreach (TokenLogprob alternative in position.Top)
            json.WriteNumber(TokenPieces.Of(Tokenizer, alternative.Token), Finite(alternative.Logprob));
        if (!position.Top.Any(alternative => alternative.Token == position.Chosen.Token))
        {
            json.WriteNumber(TokenPieces.Of(Tokenizer, position.Chosen.Token), Finite(position.Chosen.Logprob));
        }
        json.WriteEndObject();
    }

    /// <summary>
    /// Counts characters that begin in these bytes, so that offsets stay correct if a character spans tokens.
    /// </summary>
    private static int ScalarCount(ReadOnlySpan<byte> utf8)
    {
        int count = 0;
        foreach (byte b in utf8)
            count += (b & 0xC0) == 0x80 ? 0 : 1;
        return count;
    }
}
