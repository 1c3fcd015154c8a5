using System.Text;
using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend;

/// <summary>The generating routes.</summary>
internal sealed class GenerationEndpoints(BackendState state, LaunchArguments arguments)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/completions", context => RecordAsync(context, isChat: false));
        routes.MapPost("/v1/chat/completions", context => RecordAsync(context, isChat: true));
    }

    private async Task RecordAsync(HttpContext context, bool isChat)
    {
        using var reader = new StreamReader(context.Request.Body, new UTF8Encoding(false, true));
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        RequestRecord record = state.Record(context.Request, body);
        // At once, wherever the answer is at that moment.
        using CancellationTokenRegistration left = context.RequestAborted.Register(() => record.End(isCancelled: true));
        try
        {
            await AnswerAsync(context, GenerationRequest.Parse(body, isChat, arguments.ServedModelName), record);
        }
        catch (RefusedException e)
        {
            await WriteAsync(context, e.Status, "application/json", SGLangJson.Error(e));
        }
        finally
        {
            record.End(context.RequestAborted.IsCancellationRequested);
            state.Ended(record);
        }
    }

    private async Task AnswerAsync(HttpContext context, GenerationRequest request, RequestRecord record)
    {
        AnswerBehaviour behaviour = request.Behaviour;
        await state.PassAsync(context, Obstruction.Generation);
        var json = new SGLangJson(request, record.Number.ToString("x32", null), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        if (behaviour.Answer is { } answer)
        {
            foreach ((string name, JsonNode? value) in answer["headers"]?.AsObject() ?? []) context.Response.Headers[name] = (string?)value;
            await WriteAsync(context, (int?)answer["status"] ?? 200, (string?)answer["content_type"] ?? "application/json", (string?)answer["body"] ?? "");
        }
        else if (request.IsStream)
        {
            await new GenerationStream(context, request, json, state).SendAsync();
        }
        else
        {
            if (behaviour.Gate is { } gate) await state.Gate(gate).Task.WaitAsync(context.RequestAborted);
            await state.PassAsync(context, Obstruction.Generation);
            string body = json.Body(string.Concat(FakeText.Words(request.Prompt, request.Seed, request.Tokens)));
            if (behaviour.Then is null) await WriteAsync(context, StatusCodes.Status200OK, "application/json", body);
            else await BreakAsync(context, behaviour.Then, body);
        }
    }

    private static async Task BreakAsync(HttpContext context, string then, string body)
    {
        if (then == "stall") await Task.Delay(Timeout.Infinite, context.RequestAborted);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Encoding.UTF8.GetByteCount(body);
        await context.Response.WriteAsync(body[..(body.Length / 2)], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (then == "die") Termination.Die();
        context.Abort();
    }

    private static Task WriteAsync(HttpContext context, int status, string type, string body)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }
}
