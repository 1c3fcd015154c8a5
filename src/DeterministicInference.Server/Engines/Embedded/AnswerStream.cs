using System.IO.Pipelines;
using System.Text.Json;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Receipts.Json;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>Sends an answer as server-sent events, each token at once.</summary>
internal sealed class AnswerStream(HttpContext context, AnswerWriter writer, ApiCall call)
{
    private readonly PipeWriter _body = context.Response.BodyWriter;

    public async Task SendAsync(
        IAsyncEnumerable<(int Prompt, GenerationEvent Event)> events,
        IReadOnlyList<ChoiceAnswer> choices
    )
    {
        EventStreamResponse.Begin(context.Response);
        CancellationToken gone = context.RequestAborted;
        await context.Response.StartAsync(gone);
        try
        {
            await foreach ((int prompt, GenerationEvent e) in events.WithCancellation(gone))
            {
                if (e is PromptScored scored)
                    writer.Scored(prompt, scored);
                else if (
                    e is TokenGenerated token
                    && Write(choices[prompt * call.ChoicesPerPrompt + token.Choice], token)
                )
                    await _body.FlushAsync(gone);
            }
            if (call.IncludeUsage)
                Event(json => writer.WriteUsageChunk(json, choices));
            Raw("data: [DONE]\n\n"u8);
            await _body.FlushAsync(gone);
        }
        catch (InvalidOperationException e) when (!gone.IsCancellationRequested)
        {
            await OpenAIError.SendEventAsync(
                context,
                new OpenAIException(
                    StatusCodes.Status500InternalServerError,
                    "server_error",
                    e.Message,
                    code: "engine_failed"
                )
            );
            // ApiErrorMiddleware logs the failure and resets the connection.
            throw;
        }
    }

    /// <returns>
    /// Whether anything was written: text of incomplete characters or possible stop texts is held back.
    /// </returns>
    private bool Write(ChoiceAnswer choice, TokenGenerated e)
    {
        choice.Add(e);
        bool written = false;
        if (choice.IsNew && writer.HasOpening)
        {
            Event(json => writer.WriteChunk(json, choice, null, ChunkPart.Open));
            written = true;
        }
        choice.IsNew = false;

        bool carriesToken = e.Text.Length > 0 || e.Logprobs is not null || (call.ReturnTokenIds && e.Token is not null);
        bool closesAlone = e.Finish is not null && (writer.HasClosing || !carriesToken);
        if (carriesToken)
        {
            Event(json =>
                writer.WriteChunk(json, choice, e, e.Finish is null || closesAlone ? ChunkPart.Text : ChunkPart.Finish)
            );
            written = true;
        }
        if (closesAlone)
        {
            Event(json => writer.WriteChunk(json, choice, null, ChunkPart.Finish));
            written = true;
        }
        return written;
    }

    private void Event(Action<Utf8JsonWriter> write)
    {
        Raw("data: "u8);
        using (var json = new Utf8JsonWriter(_body, JsonBytes.WriterOptions))
            write(json);
        Raw("\n\n"u8);
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_body.GetSpan(bytes.Length));
        _body.Advance(bytes.Length);
    }
}
