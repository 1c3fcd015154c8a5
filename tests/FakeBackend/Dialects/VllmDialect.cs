using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>vLLM as of May 2026, with answers and errors as recorded of 0.32.0.</summary>
internal sealed class VllmDialect(LaunchArguments arguments) : Dialect(arguments)
{
    private const string Version = "0.0.0-fake";

    private static readonly Sampling Defaults = new(Temperature: 1, TopP: 1, TopK: 0, MinP: 0);

    private static readonly bool IsBatchInvariant = Environment.GetEnvironmentVariable("VLLM_BATCH_INVARIANT") == "1";

    private string ModelPath => Arguments.Positional ?? Arguments["--model"] ?? "Qwen/Qwen3-0.6B";

    private IReadOnlyList<string> ServedModelNames =>
        Arguments.List("--served-model-name") is { Count: > 0 } names ? names : [ModelPath];

    private IReadOnlyList<string> Keys =>
        Arguments.List("--api-key") is { Count: > 0 } keys ? keys
        : Environment.GetEnvironmentVariable("VLLM_API_KEY") is { Length: > 0 } key ? [key]
        : [];

    public override int DefaultPort => 8000;

    public override string ArgumentsName => "Namespace";

    public override LoadingPhase Loading => LoadingPhase.BoundUntilReady;

    public override bool SendsHeadersFirst => true;

    public override string? ReadyLine => "Application startup complete.";

    /// <exception cref="UsageException">As argparse refuses.</exception>
    public static VllmDialect Create(string[] args) =>
        new(
            args switch
            {
                ["-m", "vllm.entrypoints.openai.api_server", ..] => LaunchArguments.Parse(
                    args,
                    2,
                    VllmFlags.Table,
                    takesPositional: false
                ),
                ["-m", "vllm.entrypoints.cli.main", "serve", ..] => LaunchArguments.Parse(
                    args,
                    3,
                    VllmFlags.Table,
                    takesPositional: true
                ),
                ["serve", ..] => LaunchArguments.Parse(args, 1, VllmFlags.Table, takesPositional: true),
                _ => throw VllmFlags.Table.Refuse("the subcommand 'serve' is expected"),
            }
        );

    public override string AddressLine(string url) => $"Starting vLLM server on {url}";

    public override void MapInfo(IEndpointRouteBuilder routes, BackendState state)
    {
        foreach (string route in (string[])["/health", "/ping"])
            routes.MapGet(route, context => HealthRoute.AnswerAsync(context, state, Obstruction.Everything));
        foreach (string route in (string[])["/tokenize", "/invocations", "/scale_elastic_ep"])
            routes.MapPost(route, () => Results.Text("{}", "application/json"));
        routes.MapGet("/version", () => Results.Text($$"""{"version":"{{Version}}"}""", "application/json"));
        routes.MapGet("/load", () => Results.Text("""{"server_load":0}""", "application/json"));
        routes.MapGet(
            "/metrics",
            () =>
                Results.Text(
                    "# HELP vllm:num_requests_running Number of requests in model execution batches.\n",
                    "text/plain; version=0.0.4; charset=utf-8"
                )
        );
        routes.MapGet("/v1/models", () => Results.Text(Models().ToJsonString(), "application/json"));
    }

    /// <summary>
    /// A key that is set guards only these families of routes: vllm-project/vllm,
    /// vllm/entrypoints/openai/server_utils.py, <c>AuthenticationMiddleware</c>.
    /// </summary>
    public override async Task<bool> RefuseAsync(HttpContext context, BackendState state)
    {
        string path = context.Request.Path.Value!;
        bool isGuarded =
            Keys.Count > 0
            && Array.Exists<string>(["/v1", "/inference"], prefix => path.StartsWith(prefix, StringComparison.Ordinal));
        return isGuarded
            && !HasBearer(context.Request, Keys)
            && await AnswerAsync(context, 401, "application/json", """{"error":"Unauthorized"}""");
    }

    public override Task TerminateAsync(BackendState state)
    {
        if (state.IsStopping)
            return Task.CompletedTask;
        state.IsStopping = true;
        return Termination.DrainAndExitAsync(state, TimeSpan.FromSeconds(Arguments.Number("--shutdown-timeout", 0)));
    }

    public override string Error(RefusedException e) =>
        $$$"""{"error":{"message":{{{Quote(e.Message)}}},"type":"{{{e.Type}}}","param":{{{Quote(e.Param)}}},"code":"""
        + $$$"""{{{e.Status}}}}}""";

    public override RefusedException Malformed(string message) => new(400, "Bad Request", message);

    public override RefusedException NotJson(long position) =>
        Invalid(
            "json_invalid",
            $"body.{position}",
            "JSON decode error",
            "'<dict of 0 items>', 'ctx': {'error': 'Expecting property name enclosed in double quotes'}"
        );

    public override AnswerJson Json(GenerationRequest request, int number, long created, IHeaderDictionary headers) =>
        new VllmJson(request, request.Asks("return_token_ids"), number, created, Fingerprint());

    public override int Variation(GenerationRequest request, int others, bool wasCached) =>
        IsBatchInvariant ? 0 : others;

    protected override void Check(JsonObject json, bool isChat)
    {
        if (json["stream_options"] is not null && !((bool?)json["stream"] ?? false))
        {
            throw new RefusedException(
                400,
                "Bad Request",
                "Stream options can only be defined when `stream=True`.",
                "stream_options"
            );
        }
    }

    protected override RefusedException Missing(string field, JsonObject json) =>
        Invalid("missing", $"body.{field}", "Field required", $"'<dict of {json.Count} items>'");

    protected override RefusedException Empty(bool isChat) =>
        isChat
            ? new(
                400,
                "BadRequestError",
                "Cannot apply chat template to an empty conversation. Provide at least one message."
            )
            : new(400, "BadRequestError", "prompt must not be empty", "prompt");

    protected override string Model(JsonObject json) =>
        (string?)json["model"] is { } model && !ServedModelNames.Contains(model)
            ? throw new RefusedException(
                404,
                "NotFoundError",
                $"The model `{model}` does not exist. Valid aliases: {string.Join(", ", ServedModelNames)}.",
                "model"
            )
            : ServedModelNames[0];

    protected override Sampling Sample(JsonObject json)
    {
        Sampling sampling = Sampling.Of(json, Defaults, "repetition_penalty");
        if (sampling.Temperature < 0)
            throw new RefusedException(
                400,
                "BadRequestError",
                $"temperature must be non-negative, got {Python(sampling.Temperature)}."
                    + $" (parameter=temperature, value={Python(sampling.Temperature)})",
                "temperature"
            );
        if (sampling.TopP is <= 0 or > 1)
            throw new RefusedException(
                400,
                "BadRequestError",
                $"top_p must be in (0, 1], got {Python(sampling.TopP)}."
                    + $" (parameter=top_p, value={Python(sampling.TopP)})",
                "top_p"
            );
        // -1 and 0 are the same: all of the vocabulary.
        return sampling with { TopK = Math.Max(0, sampling.TopK) };
    }

    protected override IReadOnlyList<long> Seeds(JsonObject json, int n, BackendState state)
    {
        // Without a seed, and with -1, the draws come from a generator that all requests share.
        long seed = (long?)json["seed"] is { } given and not -1 ? given : state.Draw();
        return [.. Enumerable.Range(0, n).Select(i => unchecked(seed + i))];
    }

    /// <summary>As pydantic's errors are printed.</summary>
    private static RefusedException Invalid(string type, string place, string message, string input) =>
        new(
            400,
            "Bad Request",
            $"1 validation error:\n  {{'type': '{type}', 'loc': '{place}', 'msg': '{message}', 'input': {input}}}",
            place
        );

    /// <summary>Of version, parallelism and configuration; not of weights or hardware.</summary>
    private string? Fingerprint()
    {
        string mode = Arguments["--fingerprint-mode"] ?? "full";
        if (mode == "none")
            return null;
        if (mode == "custom")
            return Arguments["--fingerprint-value"];
        string configuration = string.Join(
            '\n',
            new[] { ModelPath }.Concat(
                new[]
                {
                    "--dtype",
                    "--quantization",
                    "--kv-cache-dtype",
                    "--attention-backend",
                    "--max-model-len",
                    "--speculative-config",
                }.Select(flag => $"{flag}={Arguments[flag]}")
            )
        );
        string parallel =
            mode == "hash"
                ? ""
                : string.Concat(
                    new[]
                    {
                        ("tp", "--tensor-parallel-size"),
                        ("pp", "--pipeline-parallel-size"),
                        ("dp", "--data-parallel-size"),
                    }
                        .Where(part => Arguments.Number(part.Item2, 1) > 1)
                        .Select(part => $"-{part.Item1}{Arguments[part.Item2]}")
                );
        return $"vllm-{Version}{parallel}-{FakeText.Hash(configuration):x16}"[..^8];
    }

    private JsonObject Models() =>
        new()
        {
            ["object"] = "list",
            ["data"] = new JsonArray([
                .. ServedModelNames.Select(name => new JsonObject
                {
                    ["id"] = name,
                    ["object"] = "model",
                    ["created"] = 1,
                    ["owned_by"] = "vllm",
                    ["root"] = ModelPath,
                    ["parent"] = null,
                    ["max_model_len"] = 32768,
                    ["permission"] = new JsonArray(
                        new JsonObject
                        {
                            ["id"] = "modelperm-1",
                            ["object"] = "model_permission",
                            ["created"] = 1,
                            ["allow_sampling"] = true,
                        }
                    ),
                }),
            ]),
        };
}
