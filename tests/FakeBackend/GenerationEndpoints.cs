using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.FakeBackend.Dialects;

namespace DeterministicInference.FakeBackend;

/// <summary>The generating routes.</summary>
internal sealed class GenerationEndpoints(BackendState state, Dialect dialect)
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
            await AnswerAsync(context, dialect.Parse(body, isChat, state), record);
        }
        catch (RefusedException e)
        {
            await WriteAsync(context, e.Status, e.ContentType, dialect.Error(e));
        }
        finally
        {
            record.End(context.RequestAborted.IsCancellationRequested);
            state.Ended(record);
        }
    }

    private async Task AnswerAsync(HttpContext context, GenerationRequest request, RequestRecord record)
    {
        await state.PassAsync(context, Obstruction.Generation);
        if (request.Behaviour.Answer is { } answer)
        {
            foreach ((string name, JsonNode? value) in answer["headers"]?.AsObject() ?? [])
                context.Response.Headers[name] = (string?)value;
            await WriteAsync(
                context,
                (int?)answer["status"] ?? 200,
                (string?)answer["content_type"] ?? "application/json",
                (string?)answer["body"] ?? ""
            );
            return;
        }
        AnswerJson json = dialect.Json(
            request,
            record.Number,
            TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            context.Request.Headers
        );
        bool isLate = state.IsStopping;
        int others = await state.BeginAsync(context.RequestAborted);
        try
        {
            int variation = dialect.Variation(request, others, state.WasCached(request.Prompt));
            Generation[] choices =
            [
                .. request.Prompts.SelectMany(prompt =>
                    request.Seeds.Select(seed => Generation.Of(request, prompt, seed, variation))
                ),
            ];
            if (request.IsStream)
                await new GenerationStream(context, request, json, choices, state, dialect).SendAsync(isLate);
            else
                await SendAsync(context, request.Behaviour, json, choices, isLate);
        }
        finally
        {
            state.Finish();
        }
    }

    private async Task SendAsync(
        HttpContext context,
        AnswerBehaviour behaviour,
        AnswerJson json,
        Generation[] choices,
        bool isLate
    )
    {
        bool isGivenUp = isLate || behaviour.Then == "abort";
        if (behaviour.Gate is { } gate)
            isGivenUp |= !await GateWait.PassAsync(state, gate, context);
        await state.PassAsync(context, Obstruction.Generation);
        string body = json.Body(
            isGivenUp ? [.. choices.Select(choice => choice.AbortAfter(isLate ? 0 : behaviour.After))] : choices
        );
        if (behaviour.Then is null or "abort")
            await WriteAsync(context, StatusCodes.Status200OK, "application/json", body);
        else
            await BreakAsync(context, behaviour.Then, body);
    }

    private static async Task BreakAsync(HttpContext context, string then, string body)
    {
        if (then == "stall")
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Encoding.UTF8.GetByteCount(body);
        await context.Response.WriteAsync(body[..(body.Length / 2)], context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (then == "die")
            Termination.Die();
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
