using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>Health and what SGLang tells about itself.</summary>
internal sealed class SGLangInfo(LaunchArguments arguments, SGLangWeights weights, string servedModelName)
{
    private const string Updating = "/update_weights_from_disk";

    /// <summary>Routes that change the engine.</summary>
    public static readonly string[] AdminRoutes =
    [
        Updating,
        "/flush_cache",
        "/load_lora_adapter",
        "/unload_lora_adapter",
        "/pause_generation",
        "/continue_generation",
        "/abort_request",
        "/set_internal_state",
        "/slow_down",
    ];

    public void Map(IEndpointRouteBuilder routes, BackendState state)
    {
        routes.MapPost(
            Updating,
            async context =>
            {
                JsonNode body = (
                    await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted)
                )!;
                weights.Path = (string?)body["model_path"] ?? weights.Path;
                weights.Version = (string?)body["weight_version"] ?? weights.Version;
                await Succeeded().ExecuteAsync(context);
            }
        );
        foreach (string route in AdminRoutes.Where(route => route != Updating))
            routes.MapMethods(route, route == "/flush_cache" ? ["POST", "GET"] : ["POST"], Succeeded);
        routes.MapGet("/health", context => HealthRoute.AnswerAsync(context, state, Obstruction.Everything));
        // As with SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION=0: only this one runs a token.
        routes.MapGet("/health_generate", context => HealthRoute.AnswerAsync(context, state, Obstruction.Generation));
        routes.MapGet("/ping", () => Results.Ok());
        foreach (string route in (string[])["/model_info", "/get_model_info"])
            routes.MapGet(route, () => Text(ModelInfo()));
        foreach (string route in (string[])["/server_info", "/get_server_info"])
            routes.MapGet(route, () => Text(ServerInfo()));
        routes.MapGet("/v1/models", () => Text(Models()));
    }

    private static IResult Succeeded() =>
        Results.Text("""{"success":true,"message":"Succeeded."}""", "application/json");

    private static IResult Text(JsonNode json) => Results.Text(json.ToJsonString(), "application/json");

    private JsonObject ModelInfo() =>
        new()
        {
            ["model_path"] = weights.Path,
            ["tokenizer_path"] = arguments["--tokenizer-path"] ?? weights.Path,
            ["is_generation"] = true,
            ["preferred_sampling_params"] = null,
            ["weight_version"] = weights.Version,
            ["has_image_understanding"] = false,
            ["has_audio_understanding"] = false,
            ["model_type"] = "fake",
            ["architectures"] = new JsonArray("FakeForCausalLM"),
        };

    /// <summary>The resolved arguments, with the secret as SGLang does, and numbers that vary while it runs.</summary>
    private JsonObject ServerInfo()
    {
        bool isDeterministic = arguments.Has("--enable-deterministic-inference");
        string attention = arguments["--attention-backend"] ?? "fa3";
        var info = new JsonObject
        {
            ["model_path"] = weights.Path,
            ["tokenizer_path"] = arguments["--tokenizer-path"] ?? weights.Path,
            ["served_model_name"] = servedModelName,
            ["host"] = arguments.Host,
            ["api_key"] = arguments["--api-key"],
            ["admin_api_key"] = arguments["--admin-api-key"],
            ["enable_deterministic_inference"] = isDeterministic,
            ["attention_backend"] = attention,
            ["sampling_backend"] = isDeterministic ? "pytorch" : arguments["--sampling-backend"] ?? "flashinfer",
            ["dtype"] = arguments["--dtype"] ?? "auto",
            ["quantization"] = arguments["--quantization"],
            ["kv_cache_dtype"] = arguments["--kv-cache-dtype"] ?? "auto",
            ["revision"] = arguments["--revision"],
            ["tp_size"] = arguments.Number("--tp-size", 1),
            ["dp_size"] = arguments.Number("--dp-size", 1),
            ["pp_size"] = arguments.Number("--pp-size", 1),
            ["random_seed"] = arguments.Number("--random-seed", Environment.ProcessId),
            ["chunked_prefill_size"] = arguments.Number("--chunked-prefill-size", 8192),
            ["disable_radix_cache"] =
                arguments.Has("--disable-radix-cache") || (isDeterministic && attention == "flashinfer"),
            ["weight_version"] = weights.Version,
            ["max_total_num_tokens"] = 131072,
            ["max_req_input_len"] = 32762,
            ["internal_states"] = new JsonArray(
                new JsonObject
                {
                    ["last_gen_throughput"] = System.Diagnostics.Stopwatch.GetTimestamp() % 1000,
                    ["memory_usage"] = new JsonObject { ["weight"] = 1.5, ["kvcache"] = 2 },
                }
            ),
            ["version"] = "0.0.0-fake",
            ["kv_events"] = null,
        };
        if (ProcessBehaviour.InfoFile is { } file)
        {
            foreach ((string name, JsonNode? value) in JsonNode.Parse(File.ReadAllText(file))!.AsObject())
                info[name] = value?.DeepClone();
        }
        return info;
    }

    private JsonObject Models() =>
        new()
        {
            ["object"] = "list",
            ["data"] = new JsonArray(
                new JsonObject
                {
                    ["id"] = servedModelName,
                    ["object"] = "model",
                    ["created"] = 1,
                    ["owned_by"] = "sglang",
                    ["root"] = servedModelName,
                    ["parent"] = null,
                    ["max_model_len"] = 32768,
                }
            ),
        };
}
