using System.Text;

namespace DeterministicInference.FakeBackend;

/// <summary>An answer in events. As with SGLang the headers leave with the first one.</summary>
internal sealed class GenerationStream(HttpContext context, GenerationRequest request, SGLangJson json, BackendState state)
{
    private readonly AnswerBehaviour _behaviour = request.Behaviour;

    public async Task SendAsync()
    {
        context.Response.ContentType = "text/event-stream";
        if (_behaviour.Events is { } events)
        {
            // Whoever comes next on this connection could meet its idle timeout, which is not what a test of these events is about.
            context.Response.Headers.Connection = "close";
            await WriteAsync(events);
            if (_behaviour.Then is { } then) await BreakAsync(then);
            return;
        }
        int sent = 0;
        foreach ((string chunk, bool isText) in Chunks())
        {
            await EventAsync(chunk);
            sent++;
            bool breaks = isText && _behaviour.Then is not null && sent >= _behaviour.After;
            if (_behaviour.Gate is { } gate && (breaks || (sent == 1 && _behaviour.Then is null))) await state.Gate(gate).Task.WaitAsync(context.RequestAborted);
            if (!breaks) continue;
            await BreakAsync(_behaviour.Then!);
            return;
        }
        if (request.IncludesUsage) await EventAsync(json.UsageChunk());
        if (!_behaviour.WithoutDone) await EventAsync("[DONE]");
    }

    private IEnumerable<(string Chunk, bool IsText)> Chunks()
    {
        string[] words = FakeText.Words(request.Prompt, request.Seed, request.Tokens);
        for (int choice = 0; choice < request.Choices; choice++)
        {
            if (request.IsChat) yield return (json.Role(choice), false);
        }
        for (int i = 0; i < words.Length; i++)
        {
            bool isLast = i + 1 == words.Length && !request.IsChat;
            for (int choice = 0; choice < request.Choices; choice++) yield return (json.Text(choice, words[i], isLast ? "length" : null), true);
        }
        for (int choice = 0; choice < request.Choices; choice++)
        {
            if (request.IsChat) yield return (json.Finish(choice, "length"), false);
        }
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
                await EventAsync(SGLangJson.ErrorEvent);
                await EventAsync("[DONE]");
                break;
            case "abort":
                await EventAsync(json.Finish(0, "abort"));
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

    private Task EventAsync(string data) => WriteAsync($"data: {data}\n\n");

    private async Task WriteAsync(string text)
    {
        await state.PassAsync(context, Obstruction.Generation);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int size = _behaviour.PieceSize == 0 ? bytes.Length : _behaviour.PieceSize;
        for (int i = 0; i < bytes.Length; i += size)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(i, Math.Min(size, bytes.Length - i)), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
