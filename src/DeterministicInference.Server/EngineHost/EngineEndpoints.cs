using System.Buffers;
using System.Text.Json;
using DeterministicInference.Engine;
using DeterministicInference.Engine.Scheduling;
using DeterministicInference.Server.OpenAI;

namespace DeterministicInference.Server.EngineHost;

/// <summary>The engine's routes.</summary>
internal sealed class EngineEndpoints(EmbeddedEngine engine, EngineOptions options, TimeProvider time)
{
    /// <summary>Bodies above this size are parsed and tokenized off the thread that serves the sockets.</summary>
    private const int LargeBody = 16 * 1024;

    /// <summary>Names what makes answers repeat; changes whenever an output may.</summary>
    private static readonly string Fingerprint = $"dis-numerics-{EmbeddedEngine.NumericsVersion}";

    private readonly string _modelName = options.ServedModelName ?? engine.ModelName;
    private readonly long _started = time.GetUtcNow().ToUnixTimeSeconds();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/completions", context => GenerateAsync(context, root => CompletionRequestReader.Read(root, engine, options)));
        routes.MapPost("/v1/chat/completions", context => GenerateAsync(context, root => ChatRequestReader.Read(root, engine, options)));
        routes.MapMethods("/v1/models", ["GET", "HEAD"], context => WriteJsonAsync(context, StatusCodes.Status200OK, WriteModels));
        routes.MapMethods("/v1/models/{**id}", ["GET", "HEAD"], ModelAsync);
        routes.MapMethods("/health", ["GET", "HEAD"], HealthAsync);
    }

    private async Task GenerateAsync(HttpContext context, Func<JsonElement, ApiCall> read)
    {
        ApiCall call;
        using (JsonDocument body = await RequestBody.ReadAsync(context))
        {
            if (context.Request.ContentLength is null or > LargeBody) await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            call = read(body.RootElement);
        }

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
        await WriteJsonAsync(context, StatusCodes.Status200OK, json => writer.WriteBody(json, choices));
    }

    private Task ModelAsync(HttpContext context)
    {
        // Kestrel decodes everything but an encoded slash, which SDKs send for ids like org/name.
        string id = ((string?)context.Request.RouteValues["id"] ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (id != _modelName)
        {
            throw new OpenAIException(StatusCodes.Status404NotFound, "invalid_request_error", $"The model '{id}' does not exist. This engine serves '{_modelName}'.", "model", "model_not_found");
        }
        return WriteJsonAsync(context, StatusCodes.Status200OK, WriteModel);
    }

    private Task HealthAsync(HttpContext context)
    {
        bool failed = engine.Scheduler.Failure.IsFaulted;
        return WriteJsonAsync(context, failed ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("status", failed ? "unhealthy" : "healthy");
            json.WriteNumber("running_sequences", engine.Scheduler.RunningSequences);
            json.WriteNumber("waiting_requests", engine.Scheduler.WaitingRequests);
            json.WriteNumber("generated_tokens", engine.Scheduler.GeneratedTokens);
            json.WriteEndObject();
        });
    }

    private void WriteModels(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        WriteModel(json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteModel(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", _modelName);
        json.WriteString("object", "model");
        json.WriteNumber("created", _started);
        json.WriteString("owned_by", "deterministic-inference-server");
        json.WriteNumber("max_model_len", engine.Config.MaxPositions);
        json.WriteEndObject();
    }

    private static async Task WriteJsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, ApiJson.WriterOptions)) write(json);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted);
    }
}
