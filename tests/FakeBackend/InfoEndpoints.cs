using System.Text.Json;

namespace DeterministicInference.FakeBackend;

/// <summary>Health and what SGLang tells about itself.</summary>
internal static class InfoEndpoints
{
    public static void Map(IEndpointRouteBuilder routes, BackendState state, LaunchArguments arguments)
    {
        string model = JsonSerializer.Serialize(arguments.ServedModelName), path = JsonSerializer.Serialize(arguments.ModelPath);
        string card = $$"""{"id":{{model}},"object":"model","created":1,"owned_by":"sglang","root":{{model}},"parent":null,"max_model_len":32768}""";
        string info = $$"""{"model_path":{{path}},"tokenizer_path":{{path}},"is_generation":true,"preferred_sampling_params":null,"weight_version":"default"}""";
        routes.MapGet("/health", context => HealthAsync(context, state, Obstruction.Everything));
        // As with SGLANG_ENABLE_HEALTH_ENDPOINT_GENERATION=0: only this one runs a token.
        routes.MapGet("/health_generate", context => HealthAsync(context, state, Obstruction.Generation));
        routes.MapGet("/ping", () => Results.Ok());
        foreach (string route in (string[])["/model_info", "/get_model_info"]) routes.MapGet(route, () => Results.Text(info, "application/json"));
        foreach (string route in (string[])["/server_info", "/get_server_info"])
        {
            // As SGLang does: with the secret.
            routes.MapGet(route, () => Results.Text($$"""{"model_path":{{path}},"api_key":{{JsonSerializer.Serialize(arguments.ApiKey)}},"version":"0.0.0-fake"}""", "application/json"));
        }
        routes.MapGet("/v1/models", () => Results.Text($$"""{"object":"list","data":[{{card}}]}""", "application/json"));
    }

    private static async Task HealthAsync(HttpContext context, BackendState state, Obstruction from)
    {
        await Task.Delay(state.HealthDelay, context.RequestAborted);
        // A delay may outlast the beginning of an obstruction.
        await state.PassAsync(context, from);
        context.Response.StatusCode = state.HealthStatus;
    }

    /// <summary>A key that is set guards all but the health routes.</summary>
    public static bool IsAllowed(HttpRequest request, LaunchArguments arguments) =>
        arguments.ApiKey is null || request.Path.StartsWithSegments("/__fake") || request.Path.Value!.StartsWith("/health", StringComparison.Ordinal)
        || request.Headers.Authorization == $"Bearer {arguments.ApiKey}";
}
