using System.Text.Json;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.EngineHost;

/// <summary>The engine's routes.</summary>
internal sealed class EngineEndpoints(EmbeddedEngine engine, EngineOptions options, TimeProvider time)
{
    /// <summary>Names what makes answers repeat; changes whenever an output may.</summary>
    private static readonly string Fingerprint = $"dis-numerics-{EmbeddedEngine.NumericsVersion}";

    private readonly string _modelName = options.ServedModelName ?? engine.ModelName;
    private readonly ModelRoutes _models = new(options.ServedModelName ?? engine.ModelName, time, engine.Config.MaxPositions);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/completions", context => GenerateAsync(context, root => CompletionRequestReader.Read(root, engine, options)));
        routes.MapPost("/v1/chat/completions", context => GenerateAsync(context, root => ChatRequestReader.Read(root, engine, options)));
        _models.Map(routes);
        routes.MapMethods("/health", ["GET", "HEAD"], HealthAsync);
    }

    private async Task GenerateAsync(HttpContext context, Func<JsonElement, ApiCall> read)
    {
        ApiCall call;
        using (RequestBody body = await RequestBody.ReadAsync(context)) call = read(body.Root);

        var envelope = new AnswerEnvelope(
            call.IsChat ? ResponseIds.ChatCompletion() : ResponseIds.Completion(), time.GetUtcNow().ToUnixTimeSeconds(), _modelName, Fingerprint);
        AnswerWriter writer = AnswerWriter.For(call, envelope, engine.Tokenizer);
        ChoiceAnswer[] choices = [.. Enumerable.Range(0, call.Requests.Count * call.ChoicesPerPrompt).Select(i => new ChoiceAnswer(i, i / call.ChoicesPerPrompt))];
        IAsyncEnumerable<(int, GenerationEvent)> events = EventMerge.Run(engine.Scheduler, call.Requests, context.RequestAborted);
        try
        {
            if (call.Stream) await new AnswerStream(context, writer, call).SendAsync(events, choices);
            else await SendBodyAsync(context, writer, call, events, choices);
        }
        finally
        {
            context.Items[RequestLog.PromptTokens] = call.PromptTokens;
            context.Items[RequestLog.CompletionTokens] = choices.Sum(choice => choice.Tokens.Count);
        }
    }

    private static async Task SendBodyAsync(
        HttpContext context, AnswerWriter writer, ApiCall call, IAsyncEnumerable<(int Prompt, GenerationEvent Event)> events, ChoiceAnswer[] choices)
    {
        await foreach ((int prompt, GenerationEvent e) in events)
        {
            if (e is PromptScored scored) writer.Scored(prompt, scored);
            else if (e is TokenGenerated token) choices[prompt * call.ChoicesPerPrompt + token.Choice].Add(token);
        }
        await ApiJson.WriteAsync(context, StatusCodes.Status200OK, json => writer.WriteBody(json, choices));
    }

    private Task HealthAsync(HttpContext context)
    {
        // That this answers shows nothing of the thread that computes.
        bool isUnhealthy = engine.Scheduler.Failure.IsFaulted || engine.Scheduler.StepTime > options.LongestStep;
        return ApiJson.WriteAsync(context, isUnhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", isUnhealthy ? "unhealthy" : "healthy");
            json.WriteNumber("semantics", EmbeddedEngine.NumericsVersion);
            json.WriteNumber("running_sequences", engine.Scheduler.RunningSequences);
            json.WriteNumber("waiting_requests", engine.Scheduler.WaitingRequests);
            json.WriteNumber("generated_tokens", engine.Scheduler.GeneratedTokens);
            json.WriteEndObject();
        });
    }
}
