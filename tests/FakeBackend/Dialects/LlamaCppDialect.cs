using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>
/// llama.cpp's llama-server as of August 2026, with one model; answers and errors as b11434 gives them.
/// </summary>
internal sealed class LlamaCppDialect(LaunchArguments arguments) : Dialect(arguments)
{
    private const string Build = "b0-fake";

    /// <summary>The seed that stands for a random one; -1 is the same number.</summary>
    private const uint RandomSeed = uint.MaxValue;

    private const int DefaultContext = 4096;

    private static readonly string[] Public = ["/health", "/v1/health"];

    private int _signals;

    private string Alias => Arguments["--alias"] ?? Path.GetFileName(Arguments["--model"]!);

    private int Context => Arguments.Number("--ctx-size", DefaultContext);

    private bool CachesPrompts => !Arguments.Has("--no-cache-prompt");

    /// <summary>Without -np four, as llama-server decides by itself.</summary>
    public override int Slots => Arguments.Number("--parallel", -1) is > 0 and var slots ? slots : 4;

    public override int DefaultPort => 8080;

    public override string ArgumentsName => "system_info";

    public override string? ServerHeader => "llama.cpp";

    public override LoadingPhase Loading => LoadingPhase.Answered;

    /// <summary>Headers are sent when a slot takes the request, which is when an answer begins here.</summary>
    public override bool SendsHeadersFirst => true;

    public override string StreamType => "text/event-stream";

    public override TimeSpan? KeepAlive { get; } =
        ProcessBehaviour.KeepAlive(TimeSpan.FromSeconds(arguments.Number("--sse-ping-interval", 30)));

    public override bool EndsErrorWithDone => false;

    public override string? ReadyLine => "srv  llama_server: model loaded";

    /// <exception cref="UsageException">As llama-server refuses.</exception>
    public static LlamaCppDialect Create(string[] args)
    {
        LaunchArguments arguments = LaunchArguments.Parse(args, 0, LlamaCppFlags.Table, takesPositional: false);
        return arguments.Has("--model")
            ? new LlamaCppDialect(arguments)
            : throw new UsageException(1, "error: --model is required");
    }

    public override string AddressLine(string url) => $"srv  llama_server: listening on {url}";

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
                """{"error":{"message":"Invalid API Key","type":"authentication_error","code":401}}"""
            );
    }

    /// <summary>Any such question, of any route, before a key is asked for.</summary>
    public override async Task<bool> AllowAsync(HttpContext context)
    {
        if (!HttpMethods.IsOptions(context.Request.Method))
            return false;
        IHeaderDictionary headers = context.Response.Headers;
        headers.AccessControlAllowCredentials = "true";
        headers.AccessControlAllowMethods = "GET, POST, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders = "*";
        return await AnswerAsync(context, StatusCodes.Status200OK, "text/html", "");
    }

    public override void AddHeaders(HttpContext context)
    {
        HttpResponse response = context.Response;
        response.Headers.AccessControlAllowOrigin = (string?)context.Request.Headers.Origin ?? "";
        if (response.ContentType == "application/json")
            response.ContentType = "application/json; charset=utf-8";
        if (response.ContentType == StreamType)
            response.Headers["X-Accel-Buffering"] = "no";
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
        Output.Log("srv    operator(): operator(): cleaning up before exit...");
        await state.IdleAsync();
        Environment.Exit(0);
    }

    public override string Error(RefusedException e) =>
        $$$"""{"error":{"code":{{{e.Status}}},"message":{{{Quote(e.Message)}}},"type":"{{{e.Type}}}"}}""";

    public override RefusedException Malformed(string message) => new(400, "invalid_request_error", message);

    public override Task<bool> AnswerUnknownAsync(HttpContext context) =>
        AnswerAsync(
            context,
            StatusCodes.Status404NotFound,
            "application/json",
            """{"error":{"message":"File Not Found","type":"not_found_error","code":404}}"""
        );

    public override RefusedException NotJson(long position) =>
        Malformed($"[json.exception.parse_error.101] parse error at line 1, column {position + 1}: syntax error");

    public override AnswerJson Json(GenerationRequest request, int number, long created, IHeaderDictionary headers) =>
        new LlamaCppJson(request, number, created, Build, Arguments.Has("--verbose"));

    /// <summary>
    /// Of the other slots, and of whether the prompt was evaluated in one go or taken from the cache.
    /// </summary>
    public override int Variation(GenerationRequest request, int others, bool wasCached) =>
        others + (wasCached && ((bool?)request.Json["cache_prompt"] ?? CachesPrompts) ? 1000 : 0);

    /// <summary>A completion without a length goes on to the end of the context.</summary>
    protected override int TokensOf(bool isChat) => isChat ? DefaultTokens : Context;

    /// <summary>At least one token, and at most what the context has room for.</summary>
    protected override GenerationRequest Complete(GenerationRequest request) =>
        request with
        {
            Tokens = Math.Clamp(request.Tokens, 1, Math.Max(1, Context - FakeText.PromptIdsOf(request.Prompt).Length)),
        };

    protected override RefusedException Missing(string field, JsonObject json) =>
        Malformed(
            field == "messages"
                ? "'messages' is required"
                : $"[json.exception.out_of_range.403] key '{field}' not found"
        );

    /// <summary>A chat without a message is answered.</summary>
    protected override RefusedException? Empty(bool isChat) =>
        isChat ? null : Malformed("\"prompt\" must not be empty");

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
            throw Malformed($"Field 'n': Value must be between 1 <= value <= {Slots}, but got {n}");
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
                    ["aliases"] = new JsonArray(Alias),
                    ["tags"] = new JsonArray(),
                    ["object"] = "model",
                    ["created"] = 1,
                    ["owned_by"] = "llamacpp",
                    ["meta"] = new JsonObject
                    {
                        ["vocab_type"] = 2,
                        ["n_vocab"] = 102000,
                        ["n_ctx"] = Context,
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
                ["n_ctx"] = Context,
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
                    ["n_ctx"] = Context,
                    ["is_processing"] = id < running,
                }),
        ];
    }
}
