using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>Text Generation Inference as of January 2026: attached to, never launched.</summary>
internal sealed class TgiDialect(LaunchArguments arguments) : Dialect(arguments)
{
    private const string Version = "0.0.0-fake";
    private const string BaseModel = "tgi";
    private const int MaxStopSequences = 4;

    private static readonly Sampling Defaults = new(Temperature: 1, TopP: 1, TopK: 0, MinP: 0);

    private static readonly ArgparseFlags Flags = new("text-generation-launcher", "[OPTIONS]")
    {
        Values =
        [
            "--model-id",
            "--revision",
            "--host",
            "--port",
            "--api-key",
            "--num-shard",
            "--dtype",
            "--quantize",
            "--max-concurrent-requests",
        ],
        Aliases = new()
        {
            ["-p"] = "--port",
            ["--hostname"] = "--host",
            ["--model-path"] = "--model-id",
        },
        Numbers = ["--port", "--num-shard", "--max-concurrent-requests"],
    };

    private string ModelId => Arguments["--model-id"] ?? "bigscience/bloom-560m";

    public override int DefaultPort => 3000;

    public override string ArgumentsName => "Args";

    public override string? ServerHeader => null;

    public override LoadingPhase Loading => LoadingPhase.RefusedUntilReady;

    public override bool SendsHeadersFirst => true;

    public override string StreamType => "text/event-stream";

    public override TimeSpan? KeepAlive { get; } = ProcessBehaviour.KeepAlive(TimeSpan.FromSeconds(15));

    public override string? ReadyLine => "Connected";

    /// <exception cref="UsageException">An unknown flag.</exception>
    public static TgiDialect Create(string[] args) =>
        new(LaunchArguments.Parse(args, 0, Flags, takesPositional: false));

    public override string AddressLine(string url) => $"Serving on {url}";

    public override void MapInfo(IEndpointRouteBuilder routes, BackendState state)
    {
        foreach (string route in (string[])["/health", "/ping", "/"])
        {
            routes.MapGet(
                route,
                context =>
                    HealthRoute.AnswerAsync(
                        context,
                        state,
                        Obstruction.Everything,
                        unhealthy: """{"error":"unhealthy","error_type":"healthcheck"}"""
                    )
            );
        }
        routes.MapGet("/info", () => Results.Text(Info().ToJsonString(), "application/json"));
        routes.MapGet("/metrics", () => Results.Text("# TYPE tgi_request_count counter\n", "text/plain"));
        string card = $$"""{"id":{{Quote(ModelId)}},"object":"model","created":0,"owned_by":{{Quote(ModelId)}}}""";
        routes.MapGet(
            "/v1/models",
            () => Results.Text($$"""{"object":"list","data":[{{card}}]}""", "application/json")
        );
    }

    /// <summary>A key guards what is posted, in whatever case it is written; the refusal has no body.</summary>
    public override async Task<bool> RefuseAsync(HttpContext context, BackendState state)
    {
        bool isGuarded = Arguments.Has("--api-key") && HttpMethods.IsPost(context.Request.Method);
        bool isAllowed =
            !isGuarded
            || string.Equals(
                context.Request.Headers.Authorization,
                $"Bearer {Arguments["--api-key"]}",
                StringComparison.OrdinalIgnoreCase
            );
        return !isAllowed && await AnswerAsync(context, 401, "", "");
    }

    /// <summary>Requests in flight have 90 seconds.</summary>
    public override Task TerminateAsync(BackendState state) =>
        Termination.DrainAndExitAsync(state, TimeSpan.FromSeconds(90));

    /// <summary>What can't be read is refused by the framework, in plain text.</summary>
    public override string Error(RefusedException e) =>
        e.Type.Length == 0 ? e.Message : $$"""{"error":{{Quote(e.Message)}},"error_type":"{{e.Type}}"}""";

    public override void AddHeaders(HttpContext context) { }

    public override RefusedException Malformed(string message) =>
        new(422, "", $"Failed to deserialize the JSON body into the target type: {message}")
        {
            ContentType = "text/plain; charset=utf-8",
        };

    public override AnswerJson Json(GenerationRequest request, int number, long created, IHeaderDictionary headers) =>
        new TgiJson(request, created, $"{Version}-native");

    /// <summary>There is no batch-invariant mode.</summary>
    public override int Variation(GenerationRequest request, int others, bool wasCached) => others;

    protected override void Check(JsonObject json, bool isChat)
    {
        if (json["stop"] is JsonValue)
            throw Malformed("stop: invalid type: string, expected a sequence");
        if (json["suffix"] is not null)
            throw new RefusedException(
                422,
                "suffix not supported",
                "Suffix is not supported and can be achieved by preprocessing the prompt."
            );
    }

    protected override GenerationRequest Complete(GenerationRequest request) =>
        request.Stop.Count > MaxStopSequences
            ? throw Invalid($"`stop` supports up to {MaxStopSequences} stop sequences. Given: {request.Stop.Count}")
        : request.Tokens <= 0 ? throw Invalid("`max_new_tokens` must be strictly positive")
        : request;

    protected override RefusedException Missing(string field, JsonObject json) => Malformed($"missing field `{field}`");

    protected override RefusedException? Empty(bool isChat) =>
        isChat
            ? Invalid("`inputs` cannot be empty")
            : Malformed("Empty array detected. Do not use an empty array for the prompt.");

    /// <summary>Any other name is an adapter to look up, and none is loaded.</summary>
    protected override string Model(JsonObject json) =>
        (string?)json["model"] is { } adapter and not BaseModel
            ? throw new RefusedException(
                424,
                "generation",
                $"Request failed during generation: adapter {adapter} is not loaded"
            )
            : ModelId;

    protected override Sampling Sample(JsonObject json)
    {
        if ((double?)json["top_p"] is <= 0 or >= 1)
            throw Invalid("`top_p` must be > 0.0 and < 1.0");
        Sampling sampling = Sampling.Of(json, Defaults, "repetition_penalty");
        if (sampling.Temperature < 0)
            throw Invalid("`temperature` must be strictly positive");
        if (sampling.FrequencyPenalty is < -2 or > 2)
            throw Invalid("`frequency_penalty` must be >= -2.0 and <= 2.0");
        // The OpenAI routes have no members for these two.
        return sampling with { TopK = Defaults.TopK, MinP = Defaults.MinP };
    }

    /// <summary>One choice whatever the request says of n.</summary>
    protected override IReadOnlyList<long> Seeds(JsonObject json, int n, BackendState state)
    {
        ulong? given = (ulong?)json["seed"];
        if (given is not null && (int?)json["best_of"] > 1)
            throw Invalid("`seed` must not be set when `best_of` > 1");
        return [given is { } seed ? unchecked((long)seed) : state.Draw()];
    }

    private static RefusedException Invalid(string message) =>
        new(422, "validation", $"Input validation error: {message}");

    private JsonObject Info() =>
        new()
        {
            ["model_id"] = ModelId,
            ["model_sha"] = Arguments["--revision"] ?? "e985a63cdc139290c5f700ff1929f0b5942cced2",
            ["model_pipeline_tag"] = "text-generation",
            ["max_concurrent_requests"] = Arguments.Number("--max-concurrent-requests", 128),
            ["max_best_of"] = 2,
            ["max_stop_sequences"] = MaxStopSequences,
            ["max_input_tokens"] = 4095,
            ["max_total_tokens"] = 4096,
            ["validation_workers"] = 2,
            ["max_client_batch_size"] = 4,
            ["router"] = "text-generation-router",
            ["version"] = Version,
            ["sha"] = null,
            ["docker_label"] = null,
        };
}
