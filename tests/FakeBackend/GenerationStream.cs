using System.Diagnostics;
using System.Text;
using DeterministicInference.FakeBackend.Dialects;

namespace DeterministicInference.FakeBackend;

/// <summary>A streamed answer. Unless the engine sends its headers first, they are sent with the first event.</summary>
internal sealed class GenerationStream(
    HttpContext context,
    GenerationRequest request,
    AnswerJson json,
    IReadOnlyList<Generation> choices,
    BackendState state,
    Dialect dialect
)
{
    private readonly AnswerBehaviour _behaviour = request.Behaviour;

    /// <param name="isLate">Whether it came when the engine was already ending: it is given up at once.</param>
    public async Task SendAsync(bool isLate)
    {
        context.Response.ContentType = dialect.StreamType;
        // Closed, as the next request on this connection could meet its idle timeout, which these events' tests do not
        // cover.
        if (_behaviour.Events is not null)
            context.Response.Headers.Connection = "close";
        if (dialect.SendsHeadersFirst)
            await context.Response.Body.FlushAsync(context.RequestAborted);
        if (_behaviour.Events is { } events)
        {
            await WriteAsync(events);
            if (_behaviour.Then is { } then)
                await BreakAsync(then);
            return;
        }
        if (isLate)
        {
            await BreakAsync("abort");
            return;
        }
        int sent = 0;
        foreach (Chunk chunk in json.Chunks(choices))
        {
            if (_behaviour.Pace is { } pace && chunk.Data is not null)
            {
                await Task.Delay(pace, context.RequestAborted);
                chunk.Data["sent_at"] = Stopwatch.GetTimestamp();
            }
            await EventAsync(chunk.Data?.ToJsonString() ?? "null", chunk.Name);
            sent++;
            bool breaks = chunk.IsText && _behaviour.Then is not null && sent >= _behaviour.After;
            bool waits = breaks || (sent == 1 && _behaviour.Then is null);
            bool isGivenUp =
                _behaviour.Gate is { } gate
                && waits
                && !await GateWait.PassAsync(state, gate, context, dialect.KeepAlive, () => WriteAsync(":\n\n"));
            if (!isGivenUp && !breaks)
                continue;
            await BreakAsync(isGivenUp ? "abort" : _behaviour.Then!);
            return;
        }
        if (!_behaviour.WithoutDone)
            await EventAsync("[DONE]");
    }

    private async Task BreakAsync(string then)
    {
        switch (then)
        {
            case "reset":
                context.Abort();
                break;
            case "die":
                Termination.Die();
                break;
            case "end":
                break;
            case "done":
                await EventAsync("[DONE]");
                break;
            case "error":
                await EventAsync(json.ErrorEvent);
                if (dialect.EndsErrorWithDone)
                    await EventAsync("[DONE]");
                break;
            case "abort":
                for (int i = 0; i < choices.Count; i++)
                    await EventAsync(json.AbortChunk(i).ToJsonString());
                await EventAsync("[DONE]");
                break;
            case "malformed":
                await EventAsync("""{"id":"half""");
                await EventAsync("[DONE]");
                break;
            case "stall":
                await Task.Delay(Timeout.Infinite, context.RequestAborted);
                break;
            default:
                throw new InvalidOperationException($"fake.then: unknown value '{then}'.");
        }
    }

    private Task EventAsync(string data, string? name = null) =>
        WriteAsync($"{(name is null ? "" : $"event: {name}\n")}data: {data}\n\n");

    private async Task WriteAsync(string text)
    {
        await state.PassAsync(context, Obstruction.Generation);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int size = _behaviour.PieceSize == 0 ? bytes.Length : _behaviour.PieceSize;
        for (int i = 0; i < bytes.Length; i += size)
        {
            await context.Response.Body.WriteAsync(
                bytes.AsMemory(i, Math.Min(size, bytes.Length - i)),
                context.RequestAborted
            );
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
