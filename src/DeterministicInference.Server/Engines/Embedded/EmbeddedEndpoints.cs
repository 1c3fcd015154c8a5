using DeterministicInference.Engine;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.Determinism;
using DeterministicInference.Server.Hosting;
using DeterministicInference.Server.OpenAI;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Engines.Embedded;

/// <summary>The engine's routes.</summary>
internal sealed class EmbeddedEndpoints(EmbeddedEngine engine, EmbeddedEngineOptions options, TimeProvider time)
{
    /// <summary>Value of <c>system_fingerprint</c>; it changes whenever an output may.</summary>
    private static readonly string Fingerprint = $"dis-numerics-{EmbeddedEngine.NumericsVersion}";

    private readonly FieldSupport _support = new(EmbeddedFields.Honoured, EngineRegistry.BuiltIn.KnownFields);
    private readonly string _modelName = options.ServedModelName ?? engine.ModelName;
    private readonly ServedModels _models = ServedModels.Of(
        new ServedModel(options.ServedModelName ?? engine.ModelName) { MaxLength = engine.Config.MaxPositions }
    );

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(
            RequestRoutes.Completions,
            context => GenerateAsync(context, RequestRoute.Completions, CompletionRequestReader.Read)
        );
        routes.MapPost(
            RequestRoutes.Chat,
            context => GenerateAsync(context, RequestRoute.Chat, ChatRequestReader.Read)
        );
        new ModelRoutes(() => _models, time).Map(routes);
        routes.MapMethods("/health", ["GET", "HEAD"], HealthAsync);
    }

    private async Task GenerateAsync(
        HttpContext context,
        RequestRoute route,
        Func<CheckedRequest, FieldSupport, EmbeddedEngine, EmbeddedEngineOptions, ApiCall> read
    )
    {
        ApiCall call;
        using (RequestBody body = await RequestBody.ReadAsync(context))
            call = read(RequestFields.Check(body, route, acceptsText: false), _support, engine, options);

        var envelope = new AnswerEnvelope(
            ResponseIds.Answer(route),
            time.GetUtcNow().ToUnixTimeSeconds(),
            _modelName,
            Fingerprint
        );
        AnswerWriter writer = AnswerWriter.For(call, envelope, engine.Tokenizer);
        ChoiceAnswer[] choices =
        [
            .. Enumerable
                .Range(0, call.Requests.Count * call.ChoicesPerPrompt)
                .Select(i => new ChoiceAnswer(i, i / call.ChoicesPerPrompt)),
        ];
        IAsyncEnumerable<(int, GenerationEvent)> events = EventMerge.Run(
            engine.Scheduler,
            call.Requests,
            context.RequestAborted
        );
        try
        {
            if (call.Stream)
                await new AnswerStream(context, writer, call).SendAsync(events, choices);
            else
                await SendBodyAsync(context, writer, call, events, choices);
        }
        finally
        {
            RequestFacts facts = RequestFacts.Of(context);
            facts.PromptTokens = call.PromptTokens;
            facts.CompletionTokens = choices.Sum(choice => choice.Tokens.Count);
        }
    }

    private static async Task SendBodyAsync(
        HttpContext context,
        AnswerWriter writer,
        ApiCall call,
        IAsyncEnumerable<(int Prompt, GenerationEvent Event)> events,
        ChoiceAnswer[] choices
    )
    {
        await foreach ((int prompt, GenerationEvent e) in events)
        {
            if (e is PromptScored scored)
                writer.Scored(prompt, scored);
            else if (e is TokenGenerated token)
                choices[prompt * call.ChoicesPerPrompt + token.Choice].Add(token);
        }
        await ApiJson.WriteAsync(context, StatusCodes.Status200OK, json => writer.WriteBody(json, choices));
    }

    private Task HealthAsync(HttpContext context)
    {
        // An answer to this request says nothing about the computing thread, so its state is checked.
        bool isUnhealthy = engine.Scheduler.Failure.IsFaulted || engine.Scheduler.StepTime > options.LongestStep;
        return ApiJson.WriteAsync(
            context,
            isUnhealthy ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK,
            json =>
            {
                json.WriteStartObject();
                json.WriteString("status", isUnhealthy ? "unhealthy" : "healthy");
                json.WriteNumber("semantics", EmbeddedEngine.NumericsVersion);
                json.WriteNumber("running_sequences", engine.Scheduler.RunningSequences);
                json.WriteNumber("waiting_requests", engine.Scheduler.WaitingRequests);
                json.WriteNumber("generated_tokens", engine.Scheduler.GeneratedTokens);
                json.WriteEndObject();
            }
        );
    }
}
