using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>SGLang as of July and August 2026, with answers and errors as recorded of 0.5.23.</summary>
internal sealed class SGLangDialect(LaunchArguments arguments) : Dialect(arguments)
{
    private static readonly Sampling Defaults = new(Temperature: 1, TopP: 1, TopK: -1, MinP: 0);

    /// <summary>SGLang's own when the deterministic mode is on.</summary>
    private const long DefaultSeed = 42;

    /// <summary>A build from before December 2025, which loses the seed on the OpenAI routes.</summary>
    private static readonly bool IgnoresSeed = Environment.GetEnvironmentVariable("FAKE_IGNORE_SEED") == "1";

    private readonly SGLangWeights _weights = new(
        arguments["--model-path"] ?? arguments.Positional!,
        arguments["--weight-version"] ?? "default"
    );

    private string ModelPath => Arguments["--model-path"] ?? Arguments.Positional!;

    private string ServedModelName => Arguments["--served-model-name"] ?? ModelPath;

    private bool IsDeterministic => Arguments.Has("--enable-deterministic-inference");

    public override int DefaultPort => 30000;

    public override string ArgumentsName => "ServerArgs";

    public override LoadingPhase Loading => LoadingPhase.RefusedThenWarming;

    public override bool SendsHeadersFirst => false;

    public override string? Conflict =>
        IsDeterministic
        && Arguments["--attention-backend"] is { } attention
        && !SGLangFlags.DeterministicAttention.Contains(attention)
            ? $"ValueError: Currently only {string.Join(", ", SGLangFlags.DeterministicAttention)} attention "
                + $"backends are supported for deterministic inference, but you explicitly specified '{attention}'."
            : null;

    public override string? ReadyLine =>
        Arguments["--log-level"] is null or "info" or "debug" ? "The server is fired up and ready to roll!" : null;

    /// <exception cref="UsageException">As argparse refuses.</exception>
    public static SGLangDialect Create(string[] args)
    {
        int skip = args switch
        {
            ["-m", "sglang.launch_server", ..] => 2,
            ["serve", ..] => 1,
            _ => 0,
        };
        LaunchArguments arguments = LaunchArguments.Parse(
            WithFile(args, skip),
            skip,
            SGLangFlags.Table,
            takesPositional: skip == 1
        );
        if (!arguments.Has("--model-path") && arguments.Positional is null)
            throw SGLangFlags.Table.Refuse("the following arguments are required: --model-path/--model");
        return new SGLangDialect(arguments);
    }

    /// <summary>
    /// As SGLang inserts the arguments of the one --config file before the others (server_args_config_parser.py); only
    /// lines <c>name: 'text'</c>.
    /// </summary>
    private static string[] WithFile(string[] args, int skip)
    {
        if (args.Count(argument => argument == "--config") > 1)
            throw new UsageException(1, "ValueError: Multiple config files specified! Only one allowed.");
        int at = Array.IndexOf(args, "--config");
        if (at < 0 || at + 1 == args.Length)
            return args;
        IEnumerable<string> inFile = File.ReadLines(args[at + 1])
            .Select(line => line.Split(": ", 2))
            .SelectMany(pair => (string[])["--" + pair[0], pair[1].Trim('\'')]);
        return [.. args[..skip], .. inFile, .. args[skip..at], .. args[(at + 2)..]];
    }

    public override string AddressLine(string url) => $"Uvicorn running on {url} (Press CTRL+C to quit)";

    public override void MapInfo(IEndpointRouteBuilder routes, BackendState state) =>
        new SGLangInfo(Arguments, _weights, ServedModelName).Map(routes, state);

    /// <summary>
    /// A key that is set guards all but the health routes and the metrics; routes that change the engine need the admin
    /// key where there is one, and are then the only ones that need it (sgl-project/sglang@0ce3659,
    /// python/sglang/srt/utils/auth.py).
    /// </summary>
    public override async Task<bool> RefuseAsync(HttpContext context, BackendState state)
    {
        string path = context.Request.Path.Value!;
        IReadOnlyList<string> keys = KeysOf(path);
        bool isOpen =
            keys.Count == 0
            || Array.Exists<string>(
                ["/health", "/ready", "/metrics"],
                prefix => path.StartsWith(prefix, StringComparison.Ordinal)
            );
        return !isOpen
            && !HasBearer(context.Request, keys)
            && !keys.Contains((string?)context.Request.Headers["X-Api-Key"])
            && await AnswerAsync(context, 401, "application/json", """{"error":"Unauthorized"}""");
    }

    private IReadOnlyList<string> KeysOf(string path) =>
        SGLangInfo.AdminRoutes.Contains(path) && Arguments.Has("--admin-api-key")
            ? Arguments.List("--admin-api-key")
            : Arguments.List("--api-key");

    public override Task TerminateAsync(BackendState state) => Termination.DrainAndDieAsync(state);

    public override string Error(RefusedException e) =>
        $$"""{"object":"error","message":{{Quote(e.Message)}},"type":"{{e.Type}}","param":"""
        + $$"""{{Quote(e.Param)}},"code":{{e.Status}}}""";

    public override RefusedException Malformed(string message) => new(400, "Bad Request", message);

    public override AnswerJson Json(GenerationRequest request, int number, long created, IHeaderDictionary headers) =>
        new SGLangJson(
            request,
            SGLangTokenIds.Of(request, headers, Arguments),
            number.ToString("x32", null),
            created,
            _weights.Version
        );

    public override int Variation(GenerationRequest request, int others, bool wasCached) =>
        IsDeterministic ? 0 : others;

    public override RefusedException NotJson(long position) =>
        Invalid(
            "json_invalid",
            position.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "JSON decode error",
            "{}, 'ctx': {'error': 'unexpected end of data'}",
            isChat: true
        );

    protected override RefusedException Missing(string field, JsonObject json) =>
        Invalid("missing", $"'{field}'", "Field required", "{'model': 'demo'}", field == "messages");

    protected override RefusedException Empty(bool isChat) =>
        new(400, "BadRequestError", isChat ? "Messages cannot be empty." : "Prompt cannot be empty");

    /// <summary>A completion needs a length above 0; a chat takes 0 for none.</summary>
    protected override void Check(JsonObject json, bool isChat)
    {
        if (isChat || json["max_tokens"]?.GetValueKind() != System.Text.Json.JsonValueKind.Number)
            return;
        if ((double)json["max_tokens"]! < 1)
            throw Invalid(
                "value_error",
                "'max_tokens'",
                "Value error, max_tokens must be positive",
                "0, 'ctx': {'error': ValueError('max_tokens must be positive')}",
                isChat
            );
    }

    protected override string Model(JsonObject json)
    {
        string model = (string?)json["model"] ?? ServedModelName;
        return model.Split(':', 2) is [_, var adapter]
            ? throw new RefusedException(
                400,
                "BadRequestError",
                $"LoRA adapter '{adapter}' was requested, but LoRA is not enabled. Please launch the server with "
                    + "--enable-lora flag and preload adapters using --lora-paths or /load_lora_adapter endpoint."
            )
            : model;
    }

    protected override Sampling Sample(JsonObject json)
    {
        Sampling sampling = Sampling.Of(json, Defaults, "repetition_penalty");
        if (sampling.Temperature < 0)
            throw new RefusedException(
                400,
                "BadRequestError",
                $"temperature must be a non-negative finite number, got {Python(sampling.Temperature)}."
            );
        if (sampling.TopP is <= 0 or > 1)
            throw new RefusedException(
                400,
                "BadRequestError",
                $"top_p must be in (0, 1], got {Python(sampling.TopP)}."
            );
        return sampling;
    }

    /// <summary>
    /// As pydantic's errors are printed, with the place in the engine's source and the error once more.
    /// </summary>
    private static RefusedException Invalid(string type, string place, string message, string input, bool isChat)
    {
        string error = $"{{'type': '{type}', 'loc': ('body', {place}), 'msg': '{message}', 'input': {input}}}";
        (string line, string function, string path) = isChat
            ? ("1870", "openai_v1_chat_completions", "/v1/chat/completions")
            : ("1860", "openai_v1_completions", "/v1/completions");
        return new(
            400,
            "Bad Request",
            $"1 validation error:\n  {error}\n\n  File "
                + "\"/opt/engin/lib/python3.11/site-packages/sglang/srt/entrypoints/http_server.py\", "
                + $"line {line}, in {function}\n    POST {path} [{error}]"
        );
    }

    protected override IReadOnlyList<long> Seeds(JsonObject json, int n, BackendState state)
    {
        long? given = (long?)json["seed"];
        long seed =
            IgnoresSeed ? DefaultSeed
            : IsDeterministic ? given ?? DefaultSeed
            : state.Draw();
        // The same for all: SGLang gives n equal choices.
        return [.. Enumerable.Repeat(seed, n)];
    }

    /// <summary>
    /// The sampler of the deterministic mode asserts that there is no min_p, and the assertion takes the whole tree of
    /// processes with it.
    /// </summary>
    protected override GenerationRequest Complete(GenerationRequest request)
    {
        if (IsDeterministic && request.Sampling.MinP > 0)
        {
            Output.Log("AssertionError: min_p is not supported with sampling seeds");
            Termination.Die();
        }
        return request;
    }
}
