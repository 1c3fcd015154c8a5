using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>llama.cpp's llama-server as of August 2026, with one model.</summary>
internal sealed class LlamaCppDialect(LaunchArguments arguments) : Dialect(arguments)
{
    private const string Build = "b0-fake";

    /// <summary>The seed that stands for a random one; -1 is the same number.</summary>
    private const uint RandomSeed = uint.MaxValue;

    private static readonly string[] Public = ["/health", "/v1/health", "/models", "/v1/models", "/", "/index.html"];

    private int _signals;

    private string Alias => Arguments["--alias"] ?? Path.GetFileName(Arguments["--model"]!);

    private bool CachesPrompts => !Arguments.Has("--no-cache-prompt");

    /// <summary>Without -np four, as llama-server decides by itself.</summary>
    public override int Slots => Arguments.Number("--parallel", -1) is > 0 and var slots ? slots : 4;

    public override int DefaultPort => 8080;

    public override string ArgumentsName => "system_info";

    public override string? ServerHeader => "llama.cpp";

    public override LoadingPhase Loading => LoadingPhase.Answered;

    /// <summary>Headers are sent when a slot takes the request, which is when an answer begins here.</summary>
    public override bool SendsHeadersFirst => true;

    public override TimeSpan? KeepAlive { get; } =
        ProcessBehaviour.KeepAlive(TimeSpan.FromSeconds(arguments.Number("--sse-ping-interval", 30)));

    public override bool EndsErrorWithDone => false;

    public override string? ReadyLine => "main: model loaded";

    /// <exception cref="UsageException">As llama-server refuses.</exception>
    public static LlamaCppDialect Create(string[] args)
    {
        LaunchArguments arguments = LaunchArguments.Parse(args, 0, LlamaCppFlags.Table, takesPositional: false);
        return arguments.Has("--model")
            ? new LlamaCppDialect(arguments)
            : throw new UsageException(1, "error: --model is required");
    }

    public override string AddressLine(string url) => $"main: server is listening on {url}";

    public override void MapInfo(IEndpointRouteBuilder routes, BackendState state)
    {
        // Shallow: /health answers even if nothing is decoded any more.
        foreach (string route in (string[])["/health", "/v1/health"])
        {
            routes.MapGet(
                route,
                context => HealthRoute.AnswerAsync(context, state, Obstruction.Everything, """{"status":"ok"}""")
            );
        }
        foreach (string route in (string[])["/v1/models", "/models"])
            routes.MapGet(route, () => Results.Text(Models().ToJsonString(), "application/json"));
        routes.MapGet("/props", () => Results.Text(Properties().ToJsonString(), "application/json"));
        routes.MapGet(
            "/slots",
            () =>
                Arguments.Has("--no-slots")
                    ? NotSupported("This server does not support slots endpoint. Start it with `--slots`")
                    : Results.Text(SlotStates(state).ToJsonString(), "application/json")
        );
        routes.MapGet(
            "/metrics",
            () =>
                Arguments.Has("--metrics")
                    ? Results.Text(
                        "# HELP llamacpp:requests_processing Number of requests processing.\n",
                        "text/plain; version=0.0.4"
                    )
                    : NotSupported("This server does not support metrics endpoint. Start it with `--metrics`")
        );
    }

    /// <summary>
    /// While the model loads every route says so, also those that need a key and those that do not exist.
    /// </summary>
    public override async Task<bool> RefuseAsync(HttpContext context, BackendState state)
    {
        if (state.HealthStatus == StatusCodes.Status503ServiceUnavailable)
        {
            return await AnswerAsync(
                context,
                503,
                "application/json",
                """{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"""
            );
        }
        string[] keys = Arguments["--api-key-file"] is { } file
            ? File.ReadAllLines(file)
            : Arguments["--api-key"]?.Split(',') ?? [];
        bool isOpen =
            keys.Length == 0
            || Public.Contains(context.Request.Path.Value!)
            || HasBearer(context.Request, keys)
            || keys.Contains((string?)context.Request.Headers["X-Api-Key"]);
        return !isOpen
            && await AnswerAsync(
                context,
                401,
                "application/json",
                Error(new RefusedException(401, "authentication_error", "Invalid API Key"))
            );
    }

    /// <summary>
    /// The loop stops at once: requests in flight get no more bytes and delay the end. A second signal ends it with
    /// code 1.
    /// </summary>
    public override async Task TerminateAsync(BackendState state)
    {
        if (Interlocked.Increment(ref _signals) > 1)
        {
            Output.Log("Received second interrupt, terminating immediately.");
            Environment.Exit(1);
        }
        state.Obstruct(Obstruction.Generation);
        Output.Log("main: stopping the main loop");
        await state.IdleAsync();
        Environment.Exit(0);
    }

    public override string Error(RefusedException e) =>
        $$$"""{"error":{"code":{{{e.Status}}},"message":{{{Quote(e.Message)}}},"type":"{{{e.Type}}}"}}""";

    public override RefusedException Malformed(string message) => new(400, "invalid_request_error", message);

    public override AnswerJson Json(GenerationRequest request, int number, long created, IHeaderDictionary headers) =>
        new LlamaCppJson(request, number, created, Build, Arguments.Has("--verbose"));

    /// <summary>
    /// Of the other slots, and of whether the prompt was evaluated in one go or taken from the cache.
    /// </summary>
    public override int Variation(GenerationRequest request, int others, bool wasCached) =>
        others + (wasCached && ((bool?)request.Json["cache_prompt"] ?? CachesPrompts) ? 1000 : 0);

    protected override RefusedException Missing(string field) => Malformed($"'{field}' is required");

    protected override RefusedException Empty(bool isChat) =>
        Malformed(isChat ? "'messages' must not be empty" : "'prompt' must not be empty");

    /// <summary>The alias answers for every name.</summary>
    protected override string Model(JsonObject json) => Alias;

    protected override Sampling Sample(JsonObject json)
    {
        var defaults = new Sampling(
            Real("--temp", 0.8),
            Real("--top-p", 0.95),
            Arguments.Number("--top-k", 40),
            Real("--min-p", 0.05)
        );
        return Sampling.Of(json, defaults, "repeat_penalty");
    }

    protected override IReadOnlyList<long> Seeds(JsonObject json, int n, BackendState state)
    {
        if (n > Slots)
            throw Malformed("n_cmpl cannot be greater than the number of slots, please increase -np");
        // 32 bits; larger values wrap silently.
        uint given = unchecked((uint)((long?)json["seed"] ?? long.Parse(Arguments["--seed"] ?? "-1", null)));
        uint seed = given == RandomSeed ? unchecked((uint)(state.Draw() * 2654435761)) : given;
        return [.. Enumerable.Range(0, n).Select(i => (long)unchecked(seed + (uint)i))];
    }

    private IResult NotSupported(string message) =>
        Results.Text(
            Error(new RefusedException(501, "not_supported_error", message)),
            "application/json",
            statusCode: StatusCodes.Status501NotImplemented
        );

    private double Real(string flag, double fallback) =>
        Arguments[flag] is { } value
            ? double.Parse(value, System.Globalization.CultureInfo.InvariantCulture)
            : fallback;

    private JsonObject Models() =>
        new()
        {
            ["object"] = "list",
            ["data"] = new JsonArray(
                new JsonObject
                {
                    ["id"] = Alias,
                    ["object"] = "model",
                    ["created"] = 1,
                    ["owned_by"] = "llamacpp",
                    ["meta"] = new JsonObject
                    {
                        ["vocab_type"] = 2,
                        ["n_vocab"] = 102000,
                        ["n_ctx_train"] = 32768,
                        ["n_embd"] = 64,
                        ["n_params"] = 1000,
                        ["size"] = 2000,
                    },
                }
            ),
        };

    private JsonObject Properties() =>
        new()
        {
            ["default_generation_settings"] = new JsonObject
            {
                ["n_ctx"] = Arguments.Number("--ctx-size", 4096),
                ["params"] = new JsonObject { ["temperature"] = Real("--temp", 0.8), ["seed"] = RandomSeed },
            },
            ["total_slots"] = Slots,
            ["model_alias"] = Alias,
            ["model_ftype"] = "F16",
            ["model_path"] = Arguments["--model"],
            ["modalities"] = new JsonObject { ["vision"] = false, ["audio"] = false },
            ["endpoint_slots"] = !Arguments.Has("--no-slots"),
            ["endpoint_props"] = Arguments.Has("--props"),
            ["endpoint_metrics"] = Arguments.Has("--metrics"),
            ["chat_template"] = "{% for message in messages %}{{ message.content }}{% endfor %}",
            ["chat_template_caps"] = new JsonObject(),
            ["bos_token"] = "<s>",
            ["eos_token"] = "</s>",
            ["build_info"] = Build,
            ["is_sleeping"] = false,
        };

    private JsonArray SlotStates(BackendState state)
    {
        int running = state.Running;
        return
        [
            .. Enumerable
                .Range(0, Slots)
                .Select(id => new JsonObject
                {
                    ["id"] = id,
                    ["n_ctx"] = Arguments.Number("--ctx-size", 4096),
                    ["is_processing"] = id < running,
                }),
        ];
    }
}
